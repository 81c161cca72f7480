import type { RedisOptions } from 'ioredis';
import { connectRedis } from './connection.ts';

/** How long a look waits for a server that is away, ms. */
const LOOK_MS = 2000;
const AGAIN_MS = 1000;

const CLUSTER =
  'Cannot use Redis: REDIS_URL leads to a Redis Cluster, and one queue cannot be spread over its nodes; name a single server, or Sentinels';

/** Why the server cannot be used, as a sentence; null when it can. Rejects when it does not answer. */
export async function redisProblem(redis: RedisOptions): Promise<string | null> {
  const connection = connectRedis(redis, { blocking: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis does not answer')), LOOK_MS);
  });
  try {
    const asked = connection.info('cluster');
    // Who is late may still fail, when nobody listens any more.
    asked.catch(() => {});
    return /^cluster_enabled:1\s*$/m.test(await Promise.race([asked, late])) ? CLUSTER : null;
  } finally {
    clearTimeout(timer);
    connection.disconnect();
  }
}

export interface RedisGuard {
  name: string;
  /** Throws when the server cannot be used. One that does not answer is looked at later. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Looks at the server once it answers. `onProblem` hears what is wrong with one that was away at the start. */
export function createRedisGuard(redis: RedisOptions, onProblem: (sentence: string) => void): RedisGuard {
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function lookLater(): Promise<void> {
    const problem = await redisProblem(redis).catch(() => undefined);
    if (isStopped) return;
    if (problem === undefined) timer = setTimeout(() => void lookLater(), AGAIN_MS);
    else if (problem !== null) onProblem(problem);
  }

  return {
    name: 'redis guard',
    async start() {
      const problem = await redisProblem(redis).catch(() => undefined);
      if (problem) throw new Error(problem);
      if (problem === undefined) timer = setTimeout(() => void lookLater(), AGAIN_MS);
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
