import { readFileSync } from 'node:fs';
import { type Host, readRedisUrl } from './redis-url.ts';

/** The part of a Redis client's options that an address decides; ioredis and BullMQ take it as it is. */
export interface RedisAddress {
  path?: string;
  host?: string;
  port?: number;
  username?: string;
  password?: string;
  db?: number;
  tls?: Trust;
  sentinels?: Host[];
  /** What Sentinels call the master. */
  name?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  sentinelTLS?: Trust;
  enableTLSForSentinelMode?: boolean;
  /** Listens to Sentinels all the time: a master that is cut off says nothing, and would be believed for long. */
  failoverDetector?: boolean;
  /** How long one Sentinel may take to answer, ms: the next one knows it, too. */
  sentinelCommandTimeout?: number;
}

/** Whom TLS believes: authorities in PEM instead of those that Node brings along. */
interface Trust {
  ca?: string;
}

/** The variables that say where Redis is. */
export interface RedisSettings {
  REDIS_URL: string;
  REDIS_CA_FILE?: string | undefined;
}

const SENTINEL_MS = 2000;

/** Turns what the environment says of Redis into client options. Throws when REDIS_CA_FILE cannot be meant or read. */
export function redisOptions({ REDIS_URL, REDIS_CA_FILE }: RedisSettings): RedisAddress {
  const { at, tls, username, password, db, sentinelUsername, sentinelPassword } = readRedisUrl(REDIS_URL);
  // Nobody is to believe that the connection is encrypted. A socket of this machine needs no such thing.
  if (REDIS_CA_FILE !== undefined && !tls && !('path' in at))
    throw new Error(
      'REDIS_CA_FILE: REDIS_URL has no TLS, it begins with rediss:// or rediss+sentinel:// where it has',
    );
  const trust: Trust = REDIS_CA_FILE === undefined ? {} : { ca: readFileSync(REDIS_CA_FILE, 'utf8') };
  return {
    ...at,
    ...(username && { username }),
    ...(password && { password }),
    ...(db > 0 && { db }),
    ...(tls && { tls: trust }),
    ...('sentinels' in at && {
      failoverDetector: true,
      sentinelCommandTimeout: SENTINEL_MS,
      ...(sentinelUsername && { sentinelUsername }),
      ...(sentinelPassword && { sentinelPassword }),
      ...(tls && { sentinelTLS: trust, enableTLSForSentinelMode: true }),
    }),
  };
}
