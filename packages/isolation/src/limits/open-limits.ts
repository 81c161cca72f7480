import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type CrawlLimits, type ProgramLimits, rlimitsOf } from './crawl-limits.ts';
import { Groups } from './groups.ts';
import { findHierarchies, type ProcFiles } from './hierarchies.ts';
import type { LimitedCrawl, Limiting } from './limiting.ts';
import { type Held, mendingCommand, missingLimits } from './missing.ts';
import { probeBase } from './probe.ts';
import { type Base, findBases, makeSubtree } from './subtree.ts';
import { allowanceOf, type UnitLimits, type UnitSettings, unitLimits } from './unit.ts';

export interface LimitsOptions {
  unit: UnitLimits;
  /** SPIDERHUB_HOME: groups of different installations on one machine are told apart by it. */
  home: string;
  /** What the kernel says of this process; read from /proc by default. */
  proc?: ProcFiles;
  /** Proves that a group can be made and joined at a place; throws what stands in the way. */
  probe?: (base: Base, name: string) => Promise<void>;
  log?: (message: string, details?: Record<string, unknown>) => void;
}

/** Units that a program beside crawls may use: pip compiles now and then. */
const PROGRAM_UNITS = 2;

const PROGRAM = /^(?:program|probe)-(\d+)(?:-\d+)?$/;
const ATTEMPT = /^\d+-\d+$/;

let lastProgram = 0;

/** As `openLimits`, from a configuration. */
export function limitsFromConfig(
  config: UnitSettings & { SPIDERHUB_HOME: string },
  log?: LimitsOptions['log'],
): Promise<Limiting> {
  return openLimits({ unit: unitLimits(config), home: config.SPIDERHUB_HOME, ...(log && { log }) });
}

/** Finds out what limits hold here, and makes the group below which those of crawls are. */
export async function openLimits(options: LimitsOptions): Promise<Limiting> {
  const { unit, log } = options;
  const name = `spiderhub-${createHash('sha256').update(options.home).digest('hex').slice(0, 10)}`;
  const { bases, held } = await findGroups(options, name);
  const groups = new Groups(bases, name);

  async function release(one: string, listed: readonly string[] = []): Promise<void> {
    const left = await groups.remove(one, listed);
    if (left.length > 0) log?.('control groups of a crawl stay behind', { left });
  }

  return {
    holdsMemory: groups.has('memory'),
    missing: ({ ownUsers }) => missingLimits(unit, held, ownUsers),
    ofCrawl: (crawl) => limitCrawl(crawl, groups, unit),
    async ofProgram({ ownUsers }): Promise<ProgramLimits> {
      lastProgram += 1;
      const own = `program-${process.pid}-${lastProgram}`;
      const allowance = allowanceOf(unit, PROGRAM_UNITS);
      const made = await groups.make(own, allowance);
      const holds = { memory: groups.has('memory'), processes: groups.has('pids'), ownUsers };
      return { cgroups: made.directories, rlimits: rlimitsOf(allowance, holds) };
    },
    release,
    async sweep(wanted) {
      const names = await groups.names();
      const crawls = await wanted();
      const leftovers = names.filter(
        (one) => isOfDeadProcess(one) || (ATTEMPT.test(one) && !crawls.has(one)),
      );
      for (const one of leftovers) await release(one);
      return leftovers.length;
    },
    close: () => groups.close(),
  };
}

async function limitCrawl(crawl: LimitedCrawl, groups: Groups, unit: UnitLimits): Promise<CrawlLimits> {
  const { name, units, folders, keptFolder, ownUsers } = crawl;
  const allowance = allowanceOf(unit, units);
  const { memoryBytes, processes, diskBytes } = allowance;
  const made = await groups.make(name, allowance);
  const holds = { memory: groups.has('memory'), processes: groups.has('pids'), ownUsers };
  return {
    units,
    memoryBytes,
    processes,
    diskBytes,
    cgroups: made.directories,
    memoryGroup: made.of('memory'),
    pidsGroup: made.of('pids'),
    rlimits: rlimitsOf(allowance, holds),
    folders,
    keptFolder,
  };
}

/** Places where groups proved to work. What does not work is no reason not to start: it is told. */
async function findGroups(
  { proc, probe = probeBase, log }: LimitsOptions,
  name: string,
): Promise<{ bases: Base[]; held: Held }> {
  const bases: Base[] = [];
  let obstacle: string | null = null;
  const note = (error: unknown) => {
    obstacle ??= error instanceof Error ? error.message : String(error);
    log?.('control groups cannot be used', { error });
  };
  const files = proc ?? (await readProc());
  const found = files ? findHierarchies(files) : { v1: new Map(), v2: null };
  const places = await findBases(found).catch((error: unknown): Base[] => {
    note(error);
    return [];
  });
  for (const base of places) {
    try {
      await makeSubtree(base, name);
      await probe(base, name);
      bases.push(base);
    } catch (error) {
      note(error);
    }
  }
  if (bases.length === 0) obstacle ??= 'there are none that this user may make';
  const mend = mendingCommand(found, name, process.getuid?.() === 0);
  const has: Held['has'] = (controller) => bases.some(({ controllers }) => controllers.includes(controller));
  return { bases, held: { has, obstacle, mend } };
}

/** Null where there is no such thing. */
async function readProc(): Promise<ProcFiles | null> {
  try {
    const [cgroup, mountinfo] = await Promise.all([
      readFile('/proc/self/cgroup', 'utf8'),
      readFile('/proc/self/mountinfo', 'utf8'),
    ]);
    return { cgroup, mountinfo };
  } catch {
    return null;
  }
}

function isOfDeadProcess(name: string): boolean {
  const pid = Number(PROGRAM.exec(name)?.[1] ?? 0);
  if (pid === 0) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
