import type { FailureCount, FailureCounts } from '@spiderhub/core';
import { connectRedis } from './connection.ts';
import type { QueueOptions } from './tickets.ts';

/** One step, so that no count is left without an end by a process that dies between two. */
const ADD = `
local n = redis.call('incr', KEYS[1])
if n == 1 then redis.call('pexpire', KEYS[1], ARGV[1]) end
return { n, redis.call('pttl', KEYS[1]) }`;
const GET = `return { tonumber(redis.call('get', KEYS[1]) or '0'), redis.call('pttl', KEYS[1]) }`;

/** How long Redis is left alone after it did not answer: nobody is to wait for it at every wrong key. */
const AWAY_MS = 1000;

export interface RedisFailureCounts extends FailureCounts {
  close(): void;
}

/** Failures of all processes of an installation, counted in Redis. */
export function createFailureCounts({ redis, prefix, onError }: QueueOptions): RedisFailureCounts {
  const connection = connectRedis(redis, onError ? { onError } : {});
  let awayUntil = 0;

  async function run(script: string, name: string, ...args: number[]): Promise<FailureCount> {
    if (performance.now() < awayUntil) throw new Error('Redis did not answer a moment ago');
    try {
      const answer = await connection.eval(script, 1, `${prefix}:failures:${name}`, ...args);
      const [failures, endsInMs] = answer as [number, number];
      return { failures, endsInMs: Math.max(0, endsInMs) };
    } catch (error) {
      awayUntil = performance.now() + AWAY_MS;
      throw error;
    }
  }

  return {
    add: (name, windowMs) => run(ADD, name, windowMs),
    get: (name) => run(GET, name),
    close: () => connection.disconnect(),
  };
}
