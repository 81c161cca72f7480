import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';

/** `postgresql://user:password@host:5432/name`, or `postgresql:///name?host=/socket/dir&user=name`. */
export const DatabaseUrl = z.url({
  protocol: /^postgres(ql)?$/,
  error: 'expected postgresql://user:password@host:5432/name',
});

/** `redis://host:6379/0`, `rediss://…` (TLS), or `unix:///path/redis.sock`. */
export const RedisUrl = z.url({
  protocol: /^(rediss?|unix)$/,
  error: 'expected redis://host:6379, rediss://host:6379 or unix:///path/redis.sock',
});

/** 0 lets the system choose a free port. */
export const Port = z.coerce.number('expected a port, 0 to 65535').int().min(0).max(65_535);

export const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

/** Absolute path. */
export const HomeDirectory = z
  .string()
  .default('.spiderhub')
  .transform((path) => resolve(path));

/** An address that other programs reach, without slash at its end. */
export const PublicUrl = z
  .url({ protocol: /^https?$/, error: 'expected http://host:port' })
  .transform((url) => url.replace(/\/+$/, ''));

/** Crawls that run at the same time in one worker process. */
export const WorkerSlots = z.coerce
  .number('expected a number')
  .int()
  .min(1)
  .max(10_000)
  .default(Math.max(2, availableParallelism()));

/** What every long-running process of the service needs. Extend it with what is special to one. */
export const ServiceConfig = z.object({
  DATABASE_URL: DatabaseUrl,
  REDIS_URL: RedisUrl,
  SPIDERHUB_HOME: HomeDirectory,
  LOG_LEVEL: LogLevel.default('info'),
});
