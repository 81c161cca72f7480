import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DomainError, parseRequirements, singleFlight, writeRequirements } from '@spiderhub/core';
import { type Boxing, NO_BOXING } from '@spiderhub/isolation';
import { isPipNoise, NO_ROOM, pipFailure } from './failure-words.ts';
import { markUsed } from './files.ts';
import { filesOfOperator, type Installation, installPackages } from './install-packages.ts';
import { requirePublicHosts } from './public-hosts.ts';
import { type ChildResult, runChild } from './run-child.ts';
import { stackName, withoutServerPaths } from './server-paths.ts';
import { type Stack, Stacks } from './stacks.ts';

const BUILD_TIMEOUT_MS = 10 * 60_000;
const MAX_LINES = 2000;
const MAX_LINE_CHARACTERS = 1000;
/** Whose user code has while its project is only just being made: there is no project of this number. */
export const NO_PROJECT = 0;
/** How a program ends that found no box. */
export const NO_BOX = 126;

export interface EnvironmentsOptions {
  /** In which box packages are installed; without it with this user's rights. */
  boxing?: Boxing;
  /** Python of the base environment, which has Scrapy and its companions. */
  basePython: string;
  envsDir: string;
  /** Pins of the base environment: another base means other environments. */
  baseRequirementsPath: string;
  /** Holds `build_environment.py`; the pins of stacks lie in `stacks` beside it. */
  launcherDir: string;
  /** What pip needs to reach its index: proxies, certificates, `PIP_*`. */
  env?: Record<string, string>;
  /** Takes requirements only as wheels of the index, so that nothing is built here. */
  wheelsOnly?: boolean;
}

/** What a version needs of its environment. */
export interface Needs {
  /** Whose requirements these are; null for a project that is only just being made. */
  project: number | null;
  /** As the deploy named it; an unknown one, from before there were stacks, is the current one. */
  stack: string | null;
  /** Text of requirements.txt. */
  requirements: string | null;
}

/** Where a version runs. */
export interface Environment {
  /** What the project had installed may have been written by anybody: only run it where the project's code may run. */
  python: string;
  /** Python of the stack, which is the same for all projects, and ours. */
  stackPython: string;
}

export interface Environments {
  stacks: Stacks;
  /**
   * Python of the stack, with the packages of a requirements.txt beside its own. Makes what this machine does not have
   * yet, which may take minutes. Throws `invalid` for requirements that are not taken, and with the end of pip's output.
   */
  ensure(needs: Needs, log: (line: string) => void): Promise<Environment>;
  /** Whether this machine has the environment of a stack. */
  isMade(stack: Stack): boolean;
}

/**
 * One Python environment for each stack, shared by all, and on it one for each distinct requirements.txt of a project,
 * shared by its versions: no project runs what another one had installed. Nobody but this process's user can write to any.
 */
export function createEnvironments(options: EnvironmentsOptions): Environments {
  const stacks = new Stacks({
    stacksDir: join(dirname(options.launcherDir), 'stacks'),
    baseRequirementsPath: options.baseRequirementsPath,
  });
  const build = builder(options);

  /** Null for the current one, which is the base. */
  function directoryOf(stack: Stack): string | null {
    if (stack.isCurrent) return null;
    const name = `stack-${stack.series}-${hashOf(options.basePython, stack.pins).slice(0, 12)}`;
    return join(options.envsDir, name);
  }

  async function ensureStack(stack: Stack | null, log: (line: string) => void): Promise<string> {
    const directory = stack && directoryOf(stack);
    if (!stack || !directory) return options.basePython;
    if (!(await build.isThere(directory)))
      log(
        `Making the environment of ${stack.name}, with Scrapy ${stack.scrapy}, once on this machine: about half a minute`,
      );
    return build.ensure(directory, { python: options.basePython, project: null, text: stack.pins }, log);
  }

  return {
    stacks,
    isMade(stack) {
      const directory = directoryOf(stack);
      return existsSync(directory === null ? options.basePython : join(directory, 'complete'));
    },
    async ensure({ project, stack: name, requirements }, log) {
      const wanted = parseRequirements(requirements ?? '', options);
      const stack = stacks.fitting(name, wanted);
      await requirePublicHosts(wanted);
      const python = await ensureStack(stack, log);
      const text = writeRequirements(wanted);
      if (text === '') return { python, stackPython: python };
      const pins = await readFile(stack?.pinsPath ?? options.baseRequirementsPath, 'utf8');
      const owner = project ?? NO_PROJECT;
      const directory = join(options.envsDir, `project-${owner}-${hashOf(python, pins, text)}`);
      const own = await build.ensure(directory, { python, project: owner, text }, log);
      // Used later than all that stand on it, so that it is swept away after them.
      if (python !== options.basePython) await markUsed(dirname(dirname(python)));
      return { python: own, stackPython: python };
    },
  };
}

interface Recipe {
  /** The Python that builds. */
  python: string;
  /** What is built for a project sees the packages of the Python that builds it; a stack, for null, stands by itself. */
  project: number | null;
  /** Its requirements.txt. */
  text: string;
}

function builder(options: EnvironmentsOptions) {
  const wheels = options.wheelsOnly ? ['--only-binary=:all:'] : [];
  const once = singleFlight<void>();
  /** Directories that are complete. A failure is not kept: an index that was away may be back. */
  const built = new Set<string>();

  async function build(
    target: string,
    { python, project, text }: Recipe,
    log: (line: string) => void,
  ): Promise<void> {
    await mkdir(options.envsDir, { recursive: true, mode: 0o700 });
    const requirementsPath = `${target}.txt`;
    await writeFile(requirementsPath, text);
    const told = withoutServerPaths({
      [target]: 'environment',
      [requirementsPath]: 'requirements.txt',
      [options.envsDir]: 'environments',
      ...stackName(python),
      [options.launcherDir]: 'spiderhub',
      ...Object.fromEntries(filesOfOperator(options.env ?? {}).map((path) => [path, 'index'])),
    });
    const onLine = atMost(MAX_LINES, (line) => log(told(line)));
    const installation = { python, target, requirementsPath };
    const run =
      project === null
        ? await buildStack(installation, options, onLine)
        : await installPackages(
            { ...installation, project },
            {
              ...options,
              boxing: options.boxing ?? NO_BOXING,
              more: wheels,
              timeoutMs: BUILD_TIMEOUT_MS,
              onLine,
            },
          );
    if (run.code === NO_BOX && project !== null) throw noBox(run.tail);
    if (run.stoppedFor !== null) throw failed(project, run.stoppedFor);
    const why = run.timedOut ? 'pip took more than 10 minutes' : told(pipFailure(run.tail));
    if (run.code !== 0 && NO_ROOM.test(run.tail)) throw noRoom();
    if (run.code !== 0) throw failed(project, why || 'pip said nothing and failed');
    await markUsed(target);
    built.add(target);
  }

  /** One that was built before may have been swept away since. */
  const isThere = async (target: string) => built.has(target) && (await markUsed(target));

  return {
    isThere,
    /** The Python of a directory. */
    async ensure(target: string, recipe: Recipe, log: (line: string) => void): Promise<string> {
      if (!(await isThere(target))) await once(target, () => build(target, recipe, log));
      return join(target, 'bin', 'python');
    },
  };
}

function hashOf(...parts: string[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 32);
}

/** Our own pins, which nobody else has written. */
function buildStack(
  { python, target, requirementsPath }: Omit<Installation, 'project'>,
  { launcherDir, envsDir, env }: EnvironmentsOptions,
  onLine: (line: string) => void,
): Promise<ChildResult> {
  const script = join(launcherDir, 'build_environment.py');
  return runChild(python, ['-I', script, target, requirementsPath, 'stack'], {
    cwd: envsDir,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', HOME: envsDir, ...env },
    timeoutMs: BUILD_TIMEOUT_MS,
    onLine,
  });
}

/** What pip has to say, line for line. A package's own code could go on for ever. */
function atMost(lines: number, say: (line: string) => void): (line: string) => void {
  let left = lines;
  return (line) => {
    if (isPipNoise(line) || left === 0) return;
    left -= 1;
    say(left === 0 ? '(and more)' : line.slice(0, MAX_LINE_CHARACTERS));
  };
}

/** The project's code may end with the same number; then it only fools itself. */
export function noBox(words: string): Error {
  return new DomainError('unavailable', 'no_box', "There is no box for the project's code at the moment.", {
    details: { words },
  });
}

function noRoom(): DomainError {
  const words = 'The environment could not be made: there is no room left on the disk of this machine.';
  return new DomainError('unavailable', 'disk_full', words);
}

function failed(project: number | null, why: string): DomainError {
  return project !== null
    ? new DomainError('invalid', 'bad_requirements', `requirements: ${why}`)
    : new DomainError('unavailable', 'no_stack', `The stack's environment could not be made: ${why}`);
}
