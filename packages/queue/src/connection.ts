import { Redis, type RedisOptions, type SentinelConnectionOptions, SentinelConnector } from 'ioredis';

/** Longest wait between two tries to reconnect, ms: ioredis' own default keeps a process deaf for 5 s. */
const MAX_RECONNECT_MS = 500;
/** How long a server may take to answer before the connection counts as broken, ms. */
const ANSWER_MS = 2000;
/** BullMQ's blocking reads come back after 10 s at the latest, so does our life sign. */
const SILENCE_MS = 15_000;

interface ConnectionOptions {
  /** Told about each error; without a listener one would end the process. */
  onError?: (error: Error) => void;
  /** For blocking commands (BullMQ workers): commands wait for the server instead of failing. */
  blocking?: boolean;
}

/**
 * Sentinels tell connections of a new master, so that they leave the old one. One that is being made asks them anyway: told
 * then, ioredis would end it for good.
 */
class AskingConnector extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions);
  }

  override connect(
    ...args: Parameters<SentinelConnector['connect']>
  ): ReturnType<SentinelConnector['connect']> {
    // Who listens for the connection of before is sent away; the new one gets a listener of its own.
    this.disconnect();
    return super.connect(...args);
  }
}

/** Opens a connection that never gives up. Whoever opens it closes it with `disconnect()`. */
export function connectRedis(
  address: RedisOptions,
  { onError, blocking = false }: ConnectionOptions = {},
): Redis {
  const options: RedisOptions = {
    ...address,
    connectTimeout: ANSWER_MS,
    keepAlive: 5000,
    ...(blocking ? { socketTimeout: SILENCE_MS } : { commandTimeout: ANSWER_MS, socketTimeout: ANSWER_MS }),
    maxRetriesPerRequest: blocking ? null : 1,
    enableOfflineQueue: blocking,
    ...(address.sentinels && { Connector: AskingConnector }),
    retryStrategy: (times: number) => Math.min(50 * times, MAX_RECONNECT_MS),
  };
  const redis = new Redis<'legacy'>({ ...options, replyMapping: 'legacy' });
  redis.on('error', onError ?? (() => {}));
  return redis;
}
