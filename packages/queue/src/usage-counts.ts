import type { UsageCounts } from '@spiderhub/core';
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import { connectRedis } from './connection.ts';
import type { QueueOptions } from './tickets.ts';

/** Nothing is refused here: what is too much differs from name to name. */
const NO_LIMIT = { points: Number.MAX_SAFE_INTEGER, duration: 1 };

export interface RedisUsageCounts extends UsageCounts {
  close(): void;
}

/** Usage of all processes of an installation, counted in Redis; while that is away, in this process alone. */
export function createUsageCounts({ redis, prefix, onError }: QueueOptions): RedisUsageCounts {
  const connection = connectRedis(redis, onError ? { onError } : {});
  const limiter = new RateLimiterRedis({
    ...NO_LIMIT,
    storeClient: connection,
    keyPrefix: `${prefix}:usage`,
    // Nobody waits for a server that is away.
    rejectIfRedisNotReady: true,
    insuranceLimiter: new RateLimiterMemory({ ...NO_LIMIT, keyPrefix: 'usage' }),
  });
  return {
    async add(name, n, windowSeconds) {
      const { consumedPoints, msBeforeNext } = await limiter.consume(name, n, {
        customDuration: windowSeconds,
      });
      return { used: consumedPoints, endsInMs: Math.max(0, msBeforeNext) };
    },
    close: () => connection.disconnect(),
  };
}
