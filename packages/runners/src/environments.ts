import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, singleFlight } from '@spiderhub/core';
import { markUsed } from './files.ts';
import { runChild } from './run-child.ts';

const BUILD_TIMEOUT_MS = 10 * 60_000;

export interface EnvironmentsOptions {
  /** Python of the base environment, which has Scrapy and its companions. */
  basePython: string;
  envsDir: string;
  /** Pins of the base environment: another base means other environments. */
  baseRequirementsPath: string;
  /** Holds `build_environment.py`. */
  launcherDir: string;
  /** What pip needs to reach its index: proxies, certificates, `PIP_*`. */
  env?: Record<string, string>;
}

export interface Environments {
  /**
   * Python with the packages of a requirements.txt beside the base ones; the base itself for null. Builds it when this
   * machine does not have it yet, which may take minutes. Throws `invalid` with the end of pip's output.
   */
  ensure(requirements: string | null, log: (line: string) => void): Promise<{ python: string }>;
}

/** One Python environment for each distinct requirements.txt, shared by all versions and projects that name the same. */
export function createEnvironments(options: EnvironmentsOptions): Environments {
  const once = singleFlight<string>();
  /** Directories by requirements. A failure is not kept: an index that was away may be back. */
  const built = new Map<string, string>();

  /** Returns the directory of the environment. */
  async function build(requirements: string, log: (line: string) => void): Promise<string> {
    await mkdir(options.envsDir, { recursive: true });
    const target = join(options.envsDir, await environmentName(options, requirements));
    const requirementsPath = `${target}.txt`;
    await writeFile(requirementsPath, requirements);
    const script = join(options.launcherDir, 'build_environment.py');
    const run = await runChild(options.basePython, ['-I', script, target, requirementsPath], {
      cwd: options.envsDir,
      env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', HOME: options.envsDir, ...options.env },
      timeoutMs: BUILD_TIMEOUT_MS,
      onLine: log,
    });
    if (run.code !== 0) throw badRequirements(run.timedOut ? 'pip took more than 10 minutes' : run.tail);
    await markUsed(target);
    return target;
  }

  return {
    async ensure(requirements, log) {
      if (!requirements?.trim()) return { python: options.basePython };
      const known = built.get(requirements);
      // One that was built before may have been swept away since.
      if (known !== undefined && (await markUsed(known))) return { python: pythonIn(known) };
      const target = await once(requirements, () => build(requirements, log));
      built.set(requirements, target);
      return { python: pythonIn(target) };
    },
  };
}

function pythonIn(environment: string): string {
  return join(environment, 'bin', 'python');
}

/** Depends on all that decides what is installed. */
async function environmentName(options: EnvironmentsOptions, requirements: string): Promise<string> {
  const hash = createHash('sha256');
  for (const part of [
    options.basePython,
    await readFile(options.baseRequirementsPath, 'utf8'),
    requirements,
  ]) {
    hash.update(part).update('\0');
  }
  return hash.digest('hex').slice(0, 32);
}

function badRequirements(why: string): DomainError {
  return new DomainError('invalid', 'bad_requirements', `requirements: ${why}`);
}
