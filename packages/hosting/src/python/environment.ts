import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { releaseLock, takeLock } from '@spiderhub/platform';
import { allInPath, isExecutable } from '../host/find.ts';
import { run } from '../host/run.ts';
import { say, tail, UserError } from '../say.ts';
import { findPythons, type Interpreter, OLDEST_MINOR } from './find.ts';
import { chooseInstaller, PIP_OPTIONS } from './installer.ts';

const LOCK_POLL_MS = 200;

/** The Python that runs crawls: `given` as it is, else our own environment, else one that happens to know Scrapy. */
export async function crawlPython(
  given: string | undefined,
  directory: string,
  requirements: string,
): Promise<string> {
  if (given) return givenPython(given);
  try {
    return await ownEnvironment(directory, requirements);
  } catch (error) {
    if (error instanceof UserError) throw error;
    return systemScrapy(error as Error);
  }
}

/** Scrapy is really imported, because what breaks now would break every crawl. */
const SHOW_SCRAPY = 'import scrapy; print("scrapy", scrapy.__version__)';

async function givenPython(name: string): Promise<string> {
  const path = name.includes('/') ? name : (allInPath(name)[0] ?? name);
  const { code, stdout, output } = await run(path, ['-c', SHOW_SCRAPY]);
  const version = /^scrapy (\S+)$/m.exec(stdout)?.[1];
  if (code !== 0 || !version) {
    throw new UserError(
      `SPIDERHUB_PYTHON: ${path} does not import Scrapy (${tail(output, 1) || `exit code ${code}`}): install there what python/requirements.txt names, or leave SPIDERHUB_PYTHON empty`,
    );
  }
  say(`Python: ${path} as given, with Scrapy ${version}`);
  return path;
}

/**
 * Makes an environment with these requirements, or takes it as it is when nothing changed, and returns its
 * interpreter. Several processes may ask for the same one: the first makes it.
 */
export async function ownEnvironment(directory: string, requirements: string): Promise<string> {
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  if (!isReady(directory, wanted)) {
    await oneAtATime(`${directory}.lock`, async () => {
      if (isReady(directory, wanted)) return;
      await freshEnvironment(directory, ['-r', requirements]);
      writeFileSync(stampOf(directory), wanted);
    });
  }
  return pythonOf(directory);
}

/** Makes an environment anew and installs what `args` say, in the words that pip and uv share. */
async function freshEnvironment(directory: string, args: readonly string[]): Promise<void> {
  const base = await bestPython();
  const installer = await chooseInstaller(base, `${directory}-cache`);
  say(`Python: making ${directory} from ${base.path} ${base.version} with ${installer.name}`);
  rmSync(directory, { recursive: true, force: true });
  await installer.createEnvironment(directory);
  await installer.install(pythonOf(directory), args);
}

/**
 * Installs packages into a directory of their own, for the programs in them. `python` does it when it knows pip, which
 * is quick; else the directory becomes an environment.
 */
export async function installApart(
  directory: string,
  python: string,
  args: readonly string[],
): Promise<void> {
  rmSync(directory, { recursive: true, force: true });
  const { code } = await run(python, [
    '-m',
    'pip',
    'install',
    ...PIP_OPTIONS,
    '--target',
    directory,
    ...args,
  ]);
  if (code !== 0) await freshEnvironment(directory, args);
}

/** Waits for other processes that do the same, then works alone. */
export async function oneAtATime<T>(lock: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(lock), { recursive: true });
  while (takeLock(lock)) await delay(LOCK_POLL_MS);
  try {
    return await work();
  } finally {
    releaseLock(lock);
  }
}

function pythonOf(directory: string): string {
  return join(directory, 'bin', 'python');
}

/** The interpreter it was made from may have gone away since: then its link leads nowhere. */
function isReady(directory: string, wanted: string): boolean {
  const stamp = stampOf(directory);
  return isExecutable(pythonOf(directory)) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
}

/** Written last: an environment without it is unfinished. */
function stampOf(directory: string): string {
  return join(directory, '.requirements.sha256');
}

async function bestPython(): Promise<Interpreter> {
  const [best] = await findPythons();
  if (best) return best;
  throw new UserError(
    `No Python 3.${OLDEST_MINOR} or newer found: apt-get install python3, or brew install python3`,
  );
}

async function systemScrapy(reason: Error): Promise<string> {
  for (const { path } of await findPythons()) {
    const { code, stdout } = await run(path, ['-c', 'import scrapy; print(scrapy.__version__)']);
    if (code !== 0) continue;
    say(`Python: WARNING: ${reason.message}`);
    say(`Python: taking ${path} with its Scrapy ${stdout.trim()} instead, which may be old`);
    return path;
  }
  throw new UserError(
    `Scrapy could not be installed; mend the cause, or set SPIDERHUB_PYTHON to a Python that has it:\n${reason.message}`,
  );
}
