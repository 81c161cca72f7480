import type { NetworkMode } from './network/networks.ts';

/**
 * How far a tenant's code is kept away from the rest. `box`: namespaces, a root with only what it needs, no rights.
 * `uid`: a user of its own, no rights, limits; it sees the machine. `none`: it may do whatever the service may.
 */
export type IsolationLevel = 'box' | 'uid' | 'none';

/** What can be asked for: a level, or the best that works here. */
export type IsolationSetting = IsolationLevel | 'auto';

/** A part of the isolation that is not there, or weaker than it could be. */
export interface MissingPart {
  part: 'box' | 'uid' | 'memory' | 'processes' | 'cpu' | 'disk' | 'network';
  /** One sentence for the operator: what does not hold, and why. */
  words: string;
  /** The command or the setting that mends it, when there is one. */
  mend?: string;
}

/** What a process of the service gives the code that it runs. */
export interface IsolationReport {
  level: IsolationLevel;
  /** What keeps crawls from addresses that are not public; absent where no crawls are run. */
  network?: NetworkMode;
  missing: MissingPart[];
}

const LEVELS: readonly IsolationLevel[] = ['none', 'uid', 'box'];
const MODES: readonly NetworkMode[] = ['open', 'proxy', 'rules'];

/** What holds wherever code of projects is run by these processes: the weakest of each, and all that is missing anywhere. */
export function weakestOf(reports: readonly IsolationReport[]): IsolationReport {
  const weakest = <T>(order: readonly T[], has: (report: IsolationReport) => T | undefined) =>
    order.find((one) => reports.some((report) => has(report) === one));
  const network = weakest(MODES, (report) => report.network);
  const missing = new Map(reports.flatMap((report) => report.missing).map((part) => [part.words, part]));
  return {
    level: weakest(LEVELS, ({ level }) => level) ?? 'none',
    ...(network && { network }),
    missing: [...missing.values()],
  };
}

/** For people, a line each: the level, then what is missing with what mends it. */
export function isolationLines({ level, network, missing }: IsolationReport): string[] {
  const parts = missing.map(({ words, mend }) =>
    mend === undefined ? words : `${words} To mend it: ${mend}`,
  );
  return [`Isolation: ${level}${network ? `, network: ${network}` : ''}`, ...parts];
}
