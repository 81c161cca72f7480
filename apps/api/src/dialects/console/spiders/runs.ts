import { type Band, bandOf, formatJobKey, type Job, outcomeKind, type Run, secondsOf } from '@spiderhub/core';

type RunLike = Omit<Run, 'id' | 'attempt'>;

/** A job as a bar of its spider's row. */
export function runView(run: RunLike) {
  const { key, state, closeReason, items, errors, pages, version, stateSince } = run;
  return {
    key: formatJobKey(key),
    state,
    outcome: outcomeKind(state, closeReason),
    closeReason,
    items,
    errors,
    pages,
    seconds: secondsOf(run),
    version,
    at: stateSince.toISOString(),
  };
}

/** The same of a job from a list. */
export function runOf({ counts, ...job }: Job): RunLike {
  const { key, state, closeReason, version, runningAt, stateSince } = job;
  const { items, pages, errors } = counts;
  return { key, state, closeReason, version, runningAt, stateSince, items, pages, errors };
}

export function isGood({ state, closeReason }: Pick<Run, 'state' | 'closeReason'>): boolean {
  return outcomeKind(state, closeReason) === 'ok';
}

/** What is usual of the items of the first good ones among these runs. */
export function usualItemsOf(runs: readonly Run[], most: number): Band | null {
  const good = runs.filter(isGood).slice(0, most);
  return bandOf(good.map(({ items }) => items));
}

/** Values of arguments that these jobs had, five of each, the last used first. */
export function argumentsOf(jobs: readonly Job[]): { name: string; values: string[] }[] {
  const values = new Map<string, Set<string>>();
  for (const { args } of jobs) {
    for (const [name, value] of Object.entries(args)) {
      const known = values.get(name) ?? new Set();
      if (known.size < MOST_VALUES && value.length <= LONGEST_VALUE) known.add(value);
      values.set(name, known);
    }
  }
  return [...values].map(([name, all]) => ({ name, values: [...all] }));
}

const MOST_VALUES = 5;
const LONGEST_VALUE = 1000;

/** Jobs by the number of their spider, in their order. */
export function bySpiderOf<T extends { key: { spider: number } }>(jobs: readonly T[]): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const job of jobs) {
    const group = groups.get(job.key.spider);
    if (group) group.push(job);
    else groups.set(job.key.spider, [job]);
  }
  return groups;
}
