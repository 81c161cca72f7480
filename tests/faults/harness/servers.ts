import { join } from 'node:path';
import {
  answers,
  createServers,
  openHome,
  provideRedis,
  removeHome,
  type Server,
  serverAccount,
  startPostgres,
  startRedis,
} from '@spiderhub/hosting';
import { eventually } from '@spiderhub/testkit';

/** A Postgres and a Redis that belong to one run and may be killed. */
export interface OwnServers {
  /** Straight to Postgres, past all proxies. */
  databaseUrl: string;
  postgresSocket: string;
  redisSocket: string;
  kill(name: 'postgres' | 'redis'): Promise<void>;
  restart(name: 'postgres' | 'redis'): Promise<void>;
  stop(): Promise<void>;
}

/** `redisHome`: where a Redis program that had to be downloaded is kept. */
export async function startOwnServers(path: string, redisHome: string): Promise<OwnServers> {
  const home = openHome(path, serverAccount());
  const servers = createServers(home);
  const { server: postgres, databaseUrl } = await startPostgres(home, servers, { throwaway: true });
  const { server: redis } = await startRedis(
    home,
    servers,
    await provideRedis(redisHome, process.env.SPIDERHUB_PYTHON ?? 'python3'),
  );
  const running: Record<'postgres' | 'redis', Server> = { postgres, redis };
  const redisSocket = join(home.sockets, 'redis.sock');

  return {
    databaseUrl,
    postgresSocket: join(home.sockets, '.s.PGSQL.5432'),
    redisSocket,
    async kill(name) {
      const { pid, ended } = running[name];
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      await ended;
    },
    async restart(name) {
      // Postgres refuses to start until the last process of the killed one has noticed.
      await eventually(
        async () => {
          const server = servers.start(running[name].spec);
          running[name] = server;
          if (name === 'redis') return;
          const ended = server.ended.then((how) => Promise.reject(new Error(how)));
          await Promise.race([untilItAnswers(databaseUrl), ended]);
        },
        { timeoutMs: 60_000, everyMs: 100 },
      );
    },
    async stop() {
      await servers.stopAll();
      removeHome(home);
    },
  };
}

async function untilItAnswers(url: string): Promise<void> {
  await eventually(async () => {
    if (!(await answers(url))) throw new Error('no answer');
  });
}
