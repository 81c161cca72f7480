import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One process of a crawl, as it told about itself. Times are ms since the machine started. */
export interface Execution {
  name: string;
  /** `1/2/3` */
  job: string;
  pid: number;
  beganAt: number;
  /** When it said something for the last time; it may have lived a little longer. */
  lastSeenAt: number;
  items: number;
  /** It came to its own end. */
  ended: boolean;
}

const NAME = /^(\d+)-(\d+)-(\d+)\.(\d+)\.(\d+)$/;

export function readWitness(directory: string): Execution[] {
  return readdirSync(directory).map((name) => readExecution(directory, name));
}

function readExecution(directory: string, name: string): Execution {
  const match = NAME.exec(name);
  if (!match) throw new Error(`${name} is no witness`);
  const lines = readFileSync(join(directory, name), 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  const told = lines.map((line) => line.split(' '));
  return {
    name,
    job: match.slice(1, 4).join('/'),
    pid: Number(match[4]),
    beganAt: Number(match[5]),
    lastSeenAt: Math.max(Number(match[5]), ...told.map(([, , at]) => Number(at))),
    items: told.filter(([what]) => what === 'I').length,
    ended: told.some(([what]) => what === 'E'),
  };
}

/** Pairs of executions of one job that lived at the same moment. */
export function overlaps(executions: readonly Execution[]): [Execution, Execution][] {
  const byJob = new Map<string, Execution[]>();
  for (const one of executions) byJob.set(one.job, [...(byJob.get(one.job) ?? []), one]);
  return [...byJob.values()].flatMap((ofJob) => {
    const inOrder = ofJob.sort((a, b) => a.beganAt - b.beganAt);
    return inOrder.flatMap((one, i) =>
      inOrder
        .slice(i + 1)
        .filter((later) => later.beganAt < one.lastSeenAt)
        .map((later): [Execution, Execution] => [one, later]),
    );
  });
}
