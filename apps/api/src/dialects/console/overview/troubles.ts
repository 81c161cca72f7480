import {
  BAND_RUNS,
  lostFields,
  medianOf,
  outcomeKind,
  type Run,
  type Spider,
  type Trouble,
  troubleOf,
} from '@spiderhub/core';
import type { Parts } from '../../../parts.ts';
import { shareOf } from '../jobs/coverage.ts';
import { bySpiderOf } from '../spiders/runs.ts';
import type { LookedUp } from './looked-up.ts';

/** What ended longer ago is no news. */
const RECENT_MS = 7 * 24 * 3_600_000;
const NEWS_MS = 24 * 3_600_000;
/** Spiders whose logs and fields are looked at in one call, and how many at once. */
const MOST_LOOKS = 500;
const TOGETHER = 16;
/** Good runs that say which fields there usually are. */
const FIELD_RUNS = 3;

/** What is wrong with the last runs of a project's spiders. */
export async function troublesOf(
  { lists, now }: Parts,
  lookedUp: LookedUp,
  project: number,
  spiders: readonly Spider[],
): Promise<Trouble[]> {
  const numbers = spiders.map(({ number }) => number);
  // The last one, and twice as many as a band needs: some of them may have failed.
  const runs = await lists.runs(project, numbers, { count: 1 + 2 * BAND_RUNS, good: false });
  const bySpider = bySpiderOf(runs);
  const all = spiders.map((spider) => ({ spider, runs: bySpider.get(spider.number) ?? [] }));
  const since = (ms: number) => (one: { runs: Run[] }) =>
    now().getTime() - (one.runs[0]?.stateSince.getTime() ?? 0) <= ms;
  const recent = all.filter(since(RECENT_MS));
  const troubles = recent.flatMap(({ spider, runs: its }) => troubleOf(spider, its) ?? []);
  const failed = await inPieces(troubles, (trouble) => withError(lookedUp, trouble));
  const fine = recent.filter(since(NEWS_MS)).filter(({ spider, runs: its }) => !troubleOf(spider, its));
  const lost = await inPieces(fine, (one) => lostFieldOf(lookedUp, one.spider, one.runs));
  return [...failed, ...lost.filter((trouble) => trouble !== null)];
}

async function withError(lookedUp: LookedUp, trouble: Trouble): Promise<Trouble> {
  if (trouble.kind !== 'failed' || !trouble.run) return trouble;
  return { ...trouble, detail: await lookedUp.firstError(trouble.run) };
}

async function lostFieldOf(
  lookedUp: LookedUp,
  spider: Spider,
  runs: readonly Run[],
): Promise<Trouble | null> {
  const [run, ...before] = runs;
  if (!run || run.items === 0) return null;
  const good = before.filter(
    ({ state, closeReason, items }) => outcomeKind(state, closeReason) === 'ok' && items > 0,
  );
  if (good.length < FIELD_RUNS) return null;
  const here = await lookedUp.shares(run);
  const usual = await Promise.all(good.slice(0, FIELD_RUNS).map((one) => lookedUp.shares(one)));
  const names = new Set(usual.flatMap(({ counts }) => [...counts.keys()]));
  const shares = new Map(
    [...names].map((name) => [name, medianOf(usual.map((one) => shareOf(one, name)))] as const),
  );
  const [lost] = lostFields(new Map([...names].map((name) => [name, shareOf(here, name)])), shares);
  if (lost === undefined) return null;
  const about = {
    spider: spider.name,
    number: spider.number,
    run,
    closeReason: run.closeReason,
    usual: null,
  };
  return { ...about, kind: 'lost field', detail: lost };
}

/** Does the same with each, some at once, and only so many; the rest is left as nothing. */
async function inPieces<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const done: R[] = [];
  for (let at = 0; at < Math.min(all.length, MOST_LOOKS); at += TOGETHER) {
    const piece = all.slice(at, Math.min(at + TOGETHER, MOST_LOOKS));
    done.push(...(await Promise.all(piece.map(work))));
  }
  return done;
}

/** Periodic jobs whose last planned time of the day did not start, or not as a whole. */
export async function notStarted({ periodic, now }: Parts, project: number): Promise<Trouble[]> {
  const jobs = await periodic.list(project);
  return jobs.flatMap(({ lastRun, tasks, spiderNumbers }) => {
    if (!lastRun || now().getTime() - lastRun.plannedAt.getTime() > NEWS_MS) return [];
    if (!['missed', 'refused', 'partly'].includes(lastRun.outcome)) return [];
    return tasks.map(({ spider }) => ({
      kind: 'not started' as const,
      spider,
      number: spiderNumbers[spider] ?? null,
      run: null,
      closeReason: null,
      detail: lastRun.reason ?? lastRun.outcome,
      usual: null,
    }));
  });
}
