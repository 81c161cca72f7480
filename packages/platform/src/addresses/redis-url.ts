/** Where Redis is, as REDIS_URL says. */
export interface RedisPlace {
  /** How the servers are reached: by a socket's path, by one host, or through Sentinels, which know who is in charge. */
  at: { path: string } | Host | { sentinels: Host[]; name: string };
  tls: boolean;
  username: string;
  password: string;
  db: number;
  sentinelUsername: string;
  sentinelPassword: string;
}

export interface Host {
  host: string;
  port: number;
}

const REDIS_PORT = 6379;
const SENTINEL_PORT = 26_379;

export const REDIS_URL_SHAPES =
  'expected redis://host:6379, rediss://host:6379, unix:///path/redis.sock or redis+sentinel://host:26379,host:26379/name';

const SENTINEL_URL = /^(rediss?)\+sentinel:\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/([^/?#]+)\/?(?:\?([^#]*))?$/;
const SENTINEL_PARAMETERS = ['db', 'sentinel_username', 'sentinel_password'];

/**
 * Reads a REDIS_URL: `redis:` or `rediss:` (database as path), `unix:` (`?db=1`), `redis+sentinel:` or `rediss+sentinel:` with
 * several hosts and the name of the master (`?db=1&sentinel_password=…`). Throws one sentence without its values.
 */
export function readRedisUrl(url: string): RedisPlace {
  if (/^rediss?\+sentinel:/.test(url)) return readSentinelUrl(url);
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^(rediss?|unix):$/.test(parsed.protocol)) throw new Error(REDIS_URL_SHAPES);
  const common = { ...credentials(parsed), tls: parsed.protocol === 'rediss:', ...NO_SENTINEL };
  if (parsed.protocol === 'unix:') {
    const path = decodeURIComponent(parsed.pathname);
    return { ...common, at: { path }, db: Number(parsed.searchParams.get('db')) || 0 };
  }
  return { ...common, at: hostOf(parsed, REDIS_PORT), db: Number(parsed.pathname.slice(1)) || 0 };
}

const NO_SENTINEL = { sentinelUsername: '', sentinelPassword: '' };

/** `URL` knows no address with several hosts. */
function readSentinelUrl(url: string): RedisPlace {
  const [, scheme, login = '', hosts = '', name = '', query = ''] = SENTINEL_URL.exec(url) ?? [];
  if (!scheme)
    throw new Error('expected redis+sentinel://user:password@host:26379,host:26379/name-of-the-master?db=0');
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => !SENTINEL_PARAMETERS.includes(key));
  if (unknown !== undefined)
    throw new Error(`knows ${SENTINEL_PARAMETERS.join(', ')} after the question mark, and nothing else`);
  const db = parameters.get('db') ?? '0';
  if (!/^\d{1,5}$/.test(db)) throw new Error('expected db to be the number of a database');
  return {
    at: { sentinels: hosts.split(',').map(sentinelHost), name: decodeURIComponent(name) },
    tls: scheme === 'rediss',
    ...credentials(new URL(`redis://${login}@host`)),
    db: Number(db),
    sentinelUsername: parameters.get('sentinel_username') ?? '',
    sentinelPassword: parameters.get('sentinel_password') ?? '',
  };
}

function sentinelHost(text: string): Host {
  const url = `redis://${text}`;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed?.hostname || parsed.pathname !== '')
    throw new Error('expected the Sentinels as host:26379, separated by commas');
  return hostOf(parsed, SENTINEL_PORT);
}

function hostOf({ hostname, port }: URL, orElse: number): Host {
  return { host: hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost', port: Number(port) || orElse };
}

function credentials({ username, password }: URL): { username: string; password: string } {
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
