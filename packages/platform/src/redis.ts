/** The part of a Redis client's options that an address decides; ioredis and BullMQ take it as it is. */
export interface RedisAddress {
  path?: string;
  host?: string;
  port?: number;
  username?: string;
  password?: string;
  db?: number;
  tls?: Record<string, never>;
}

const DEFAULT_PORT = 6379;

/** Turns a REDIS_URL (`redis:`, `rediss:` or `unix:`; database as path, or `?db=1` for `unix:`) into client options. */
export function redisOptions(url: string): RedisAddress {
  const parsed = new URL(url);
  if (parsed.protocol === 'unix:') return unixOptions(parsed);
  const db = Number(parsed.pathname.slice(1));
  return {
    host: parsed.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: Number(parsed.port) || DEFAULT_PORT,
    ...credentials(parsed),
    ...(db > 0 && { db }),
    ...(parsed.protocol === 'rediss:' && { tls: {} }),
  };
}

function unixOptions(parsed: URL): RedisAddress {
  const db = Number(parsed.searchParams.get('db'));
  return { path: decodeURIComponent(parsed.pathname), ...credentials(parsed), ...(db > 0 && { db }) };
}

function credentials({ username, password }: URL): RedisAddress {
  return {
    ...(username && { username: decodeURIComponent(username) }),
    ...(password && { password: decodeURIComponent(password) }),
  };
}
