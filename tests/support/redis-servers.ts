import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { provideRedis } from '@spiderhub/hosting';
import { eventually, freePort } from '@spiderhub/testkit';
import { Redis, type RedisOptions } from 'ioredis';
import type { Certificates } from './certificates.ts';

export interface RedisProcess {
  port: number;
  /** All that it said. */
  said(): string;
  signal(signal: NodeJS.Signals): void;
  kill(): Promise<void>;
}

export interface RedisSettings {
  /** A folder of its own, which it makes. */
  folder: string;
  /** Lines of its configuration. */
  lines?: string[];
  /** 127.0.0.1 by default. */
  host?: string;
  port?: number;
  sentinel?: boolean;
  certificates?: Certificates | null;
}

/** The program that `npm start` would take, looked for where it is kept. */
export async function redisProgram(): Promise<string> {
  const kept = resolve(__dirname, '../../.spiderhub');
  return (await provideRedis(kept, process.env.SPIDERHUB_PYTHON ?? 'python3')).path;
}

/** Starts a server or a Sentinel of its own and returns when it listens. Throws what it said when it ends. */
export async function startRedisProcess(program: string, settings: RedisSettings): Promise<RedisProcess> {
  const { folder, lines = [], host = '127.0.0.1', sentinel = false, certificates = null } = settings;
  const port = settings.port ?? (await freePort());
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'redis.conf');
  const common = [`bind ${host}`, `dir ${folder}`, ...listening(port, certificates)];
  const own = sentinel ? [] : ['save ""', 'appendonly no'];
  writeFileSync(config, `${[...common, ...own, ...lines].join('\n')}\n`);
  const child = spawn(program, [config, ...(sentinel ? ['--sentinel'] : [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  const gone = once(child, 'exit').then(() => Promise.reject(new Error(text)));
  gone.catch(() => {});
  await Promise.race([
    gone,
    eventually(async () => expect(await accepts({ host, port }, certificates)).toBe(true)),
  ]);
  return { port, said: () => text, signal: (signal) => child.kill(signal), kill: () => ended(child) };
}

function listening(port: number, certificates: Certificates | null): string[] {
  if (!certificates) return [`port ${port}`];
  const { authority, certificate, key } = certificates;
  const files = [`tls-cert-file ${certificate}`, `tls-key-file ${key}`, `tls-ca-cert-file ${authority}`];
  return ['port 0', `tls-port ${port}`, 'tls-auth-clients no', 'tls-replication yes', ...files];
}

async function accepts(address: RedisOptions, certificates: Certificates | null): Promise<boolean> {
  const redis = client({ ...address, ...(certificates && { tls: { rejectUnauthorized: false } }) });
  try {
    return (await redis.ping()) === 'PONG';
  } catch (error) {
    // Who wants a password is there, too.
    return /NOAUTH/.test((error as Error).message);
  } finally {
    redis.disconnect();
  }
}

/** A connection that tells what goes wrong at once. */
export function client(options: RedisOptions): Redis<'legacy'> {
  const redis = new Redis<'legacy'>({
    host: '127.0.0.1',
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...options,
    replyMapping: 'legacy',
  });
  redis.on('error', () => {});
  return redis;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGCONT');
  child.kill('SIGKILL');
  await exit;
}

export const MASTER = 'main';
/** How long a master says nothing until it is taken for dead, ms. */
export const DOWN_AFTER_MS = 2000;

export interface SentinelGroup {
  /** `host:port,host:port` of the Sentinels. */
  hosts: string;
  /** The server that is in charge at first. */
  master: RedisProcess;
  /** Resolves when a Sentinel names another one. */
  change(): Promise<void>;
  close(): Promise<void>;
}

interface GroupOptions {
  folder: string;
  password: string;
  sentinelPassword: string;
  certificates?: Certificates | null;
}

/** Two servers and three Sentinels that watch them. */
export async function startSentinelGroup(program: string, options: GroupOptions): Promise<SentinelGroup> {
  const { folder, password, sentinelPassword, certificates = null } = options;
  const running: RedisProcess[] = [];
  async function start(name: string, settings: Partial<RedisSettings>): Promise<RedisProcess> {
    const started = await startRedisProcess(program, {
      folder: join(folder, name),
      certificates,
      ...settings,
    });
    running.push(started);
    return started;
  }
  const login = [`requirepass ${password}`, `masterauth ${password}`];
  const master = await start('master', { lines: login });
  await start('replica', {
    lines: [...login, `replicaof 127.0.0.1 ${master.port}`, 'repl-diskless-sync-delay 0'],
  });
  const sentinels: RedisProcess[] = [];
  for (const name of ['one', 'two', 'three']) {
    const lines = [
      `requirepass ${sentinelPassword}`,
      `sentinel sentinel-pass ${sentinelPassword}`,
      `sentinel monitor ${MASTER} 127.0.0.1 ${master.port} 2`,
      `sentinel auth-pass ${MASTER} ${password}`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${MASTER} 3000`,
    ];
    sentinels.push(await start(name, { sentinel: true, lines }));
  }
  const tls = certificates && { tls: { rejectUnauthorized: false } };
  for (const { port } of sentinels) await knowsAll({ port, password: sentinelPassword, ...tls });
  return {
    hosts: sentinels.map(({ port }) => `127.0.0.1:${port}`).join(','),
    master,
    change: () =>
      namesAnother({ port: sentinels[0]?.port ?? 0, password: sentinelPassword, ...tls }, master.port),
    close: async () => void (await Promise.all(running.map((each) => each.kill()))),
  };
}

async function namesAnother(address: RedisOptions, port: number): Promise<void> {
  const redis = client({ ...address, enableOfflineQueue: true });
  try {
    await eventually(
      async () => {
        const [, named] = (await redis.call('sentinel', 'get-master-addr-by-name', MASTER)) as string[];
        expect(Number(named)).not.toBe(port);
      },
      { timeoutMs: 120_000 },
    );
  } finally {
    redis.disconnect();
  }
}

/** Until a Sentinel knows the replica and the other Sentinels: before, it could not change masters. */
async function knowsAll(address: RedisOptions): Promise<void> {
  const redis = client({ ...address, enableOfflineQueue: true });
  try {
    await eventually(
      async () => {
        const lines = (await redis.info('sentinel')).split('\r\n');
        expect(lines.find((line) => line.startsWith('master0'))).toMatch(/status=ok.*slaves=1,sentinels=3/);
        const [replica] = (await redis.call('sentinel', 'replicas', MASTER)) as unknown[];
        expect(JSON.stringify(replica)).toMatch(/master-link-status\W+ok/);
      },
      { timeoutMs: 60_000 },
    );
  } finally {
    redis.disconnect();
  }
}
