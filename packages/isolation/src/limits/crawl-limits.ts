import type { Allowance } from './unit.ts';

/** Limits of one crawl, as `limits` in its launch.json: its processes join and its shim watches. */
export interface CrawlLimits {
  units: number;
  memoryBytes: number | null;
  processes: number | null;
  diskBytes: number | null;
  /** Control groups that the crawl joins, as directories. */
  cgroups: string[];
  /** Those of them that hold the memory and the processes; null: the shim has to add up. */
  memoryGroup: string | null;
  pidsGroup: string | null;
  /** Limits of each process, by Python's name. */
  rlimits: Record<string, number>;
  /** Folders whose size the shim measures. */
  folders: string[];
  /** That of them which stays when the job ends. */
  keptFolder: string | null;
}

/** Limits of a program that is run for a project beside its crawls. Its groups go with `removeGroup` when it has ended. */
export type ProgramLimits = Pick<CrawlLimits, 'cgroups' | 'rlimits'>;

/** What a single process may take while the watch, which adds all of them up, has not looked yet. */
const DATA_TIMES = 2;

/** What the kernel holds each process to, beside its groups. */
export function rlimitsOf(
  { memoryBytes, processes, diskBytes }: Allowance,
  held: { memory: boolean; processes: boolean; ownUsers: boolean },
): Record<string, number> {
  return {
    // With 0 a program of the machine that collects crashes is started all the same: outside of the box, often as root.
    RLIMIT_CORE: 1,
    // A single file; all of them are measured now and then.
    ...(diskBytes !== null && { RLIMIT_FSIZE: diskBytes }),
    // Not RLIMIT_AS: JavaScript engines reserve much address space that they never use.
    ...(memoryBytes !== null && !held.memory && { RLIMIT_DATA: memoryBytes * DATA_TIMES }),
    // Counted for each user: all crawls together, unless each has a user namespace.
    ...(processes !== null && !held.processes && held.ownUsers && { RLIMIT_NPROC: processes }),
  };
}
