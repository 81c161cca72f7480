import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import {
  client,
  MASTER,
  type RedisProcess,
  type RedisSettings,
  redisProgram,
  startRedisProcess,
} from '../../support/redis-servers.ts';

const DOWN_AFTER_MS = 2000;

/** Two servers and two Sentinels that all machines reach. */
export interface Valkey {
  /** For REDIS_URL. */
  url: string;
  /** kill -9 of the server that is in charge; it comes back after so long, and follows the other one then. */
  killMaster(downMs: number): Promise<void>;
  close(): Promise<void>;
}

export async function startValkey(folder: string, host: string): Promise<Valkey> {
  const program = await redisProgram();
  const open = ['protected-mode no'];
  const running = new Map<number, { process: RedisProcess; settings: RedisSettings }>();

  async function start(name: string, more: Partial<RedisSettings> = {}): Promise<RedisProcess> {
    const settings = { folder: join(folder, name), host, ...more, lines: [...open, ...(more.lines ?? [])] };
    const started = await startRedisProcess(program, settings);
    running.set(started.port, { process: started, settings: { ...settings, port: started.port } });
    return started;
  }

  const first = await start('one');
  await start('two', { lines: [`replicaof ${host} ${first.port}`, 'repl-diskless-sync-delay 0'] });
  const sentinels: RedisProcess[] = [];
  for (const name of ['sentinel-one', 'sentinel-two']) {
    const lines = [
      `sentinel monitor ${MASTER} ${host} ${first.port} 1`,
      `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
      `sentinel failover-timeout ${MASTER} 5000`,
    ];
    sentinels.push(await start(name, { sentinel: true, lines }));
  }

  async function master(): Promise<number> {
    const redis = client({ host, port: sentinels[0]?.port ?? 0, enableOfflineQueue: true });
    try {
      const [, port] = (await redis.call('sentinel', 'get-master-addr-by-name', MASTER)) as string[];
      return Number(port);
    } finally {
      redis.disconnect();
    }
  }

  async function knowEachOther(): Promise<void> {
    for (const { port } of sentinels) {
      const redis = client({ host, port, enableOfflineQueue: true });
      await eventually(
        async () => expect(await redis.info('sentinel')).toMatch(/status=ok.*slaves=1,sentinels=2/),
        { timeoutMs: 60_000 },
      ).finally(() => redis.disconnect());
    }
  }

  await knowEachOther();
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `${host}:${port}`).join(',')}/${MASTER}`,
    async killMaster(downMs) {
      const port = await master();
      const found = running.get(port);
      if (!found) return;
      await found.process.kill();
      await eventually(async () => expect(await master()).not.toBe(port), { timeoutMs: 60_000 }).catch(
        () => undefined,
      );
      await new Promise((resolve) => setTimeout(resolve, downMs));
      const { settings } = found;
      running.set(port, { process: await startRedisProcess(program, settings), settings });
    },
    close: async () => void (await Promise.all([...running.values()].map((each) => each.process.kill()))),
  };
}
