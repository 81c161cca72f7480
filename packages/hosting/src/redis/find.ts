import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allInPath } from '../host/find.ts';
import { run } from '../host/run.ts';

/** A server program that speaks Redis's protocol. */
export interface RedisProgram {
  path: string;
  /** `valkey` or `redis`. */
  kind: string;
  version: string;
}

/** BullMQ recommends 6.2. */
const OLDEST = [6, 2] as const;

const NAMES = ['valkey-server', 'redis-server'];
const EXTRA_DIRECTORIES = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'];

/** The first program of this machine that runs and is new enough. */
export async function findRedis(): Promise<RedisProgram | null> {
  const paths = NAMES.flatMap((name) => [
    ...allInPath(name),
    ...allInPath(name, EXTRA_DIRECTORIES.join(':')),
  ]);
  return firstUsable([...new Set(paths)]);
}

/** A server program anywhere below a directory into which a Python wheel was unpacked. */
export async function findRedisBelow(directory: string): Promise<RedisProgram | null> {
  if (!existsSync(directory)) return null;
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  return firstUsable(
    files.filter((file) => /(^|\/)(valkey|redis)-server$/.test(file)).map((file) => join(directory, file)),
  );
}

async function firstUsable(paths: string[]): Promise<RedisProgram | null> {
  for (const path of paths) {
    const program = await probe(path);
    if (program) return program;
  }
  return null;
}

async function probe(path: string): Promise<RedisProgram | null> {
  const { code, stdout } = await run(path, ['--version'], { cwd: dirname(path) });
  const match = /^(\w+) .*?v=((\d+)\.(\d+)\S*)/i.exec(stdout);
  if (code !== 0 || !match) return null;
  const [major, minor] = [Number(match[3]), Number(match[4])];
  const newEnough = major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1]);
  return newEnough ? { path, kind: (match[1] ?? '').toLowerCase(), version: match[2] ?? '' } : null;
}
