import { BAND_RUNS, type Job, type Run, type Spider } from '@spiderhub/core';
import { spiderContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { served } from '../../served.ts';
import { bySpiderOf, runOf, runView, usualItemsOf } from '../../spiders/runs.ts';

const RUNS = 30;
const MOST_SPIDERS = 5000;
/** Bars of all spiders together: with thousands of them each shows fewer. */
const MOST_BARS = 20_000;
/** Runs among which the good ones are looked for. */
const LOOK = 30;
const MOST_RUNNING = 1000;

export const readHealth = (parts: Parts): Operation =>
  served(
    contracts.readHealth,
    'spiders.read',
  )(async ({ caller, params: { project }, query }) => {
    await caller.may(project);
    await caller.may(project, 'jobs.read');
    const all = await parts.versions.spiders(project);
    const spiders = all.slice(0, MOST_SPIDERS);
    const most = Math.min(query.runs ?? RUNS, Math.floor(MOST_BARS / Math.max(1, spiders.length)));
    return {
      spiders: await rowsOf(parts, project, spiders, most),
      isPartial: all.length > spiders.length,
    };
  });

async function rowsOf({ lists, jobs }: Parts, project: number, spiders: readonly Spider[], most: number) {
  const count = Math.max(
    most,
    Math.min(LOOK, Math.floor(MOST_BARS / Math.max(1, spiders.length))),
    BAND_RUNS,
  );
  const numbers = spiders.map(({ number }) => number);
  const [finished, running, live] = await Promise.all([
    lists.runs(project, numbers, { count, good: false }),
    jobs.page({ project, states: ['running'] }, { count: MOST_RUNNING, offset: 0 }),
    lists.live(project),
  ]);
  const runsOf = bySpiderOf<Run>(finished);
  const runningOf = bySpiderOf<Job>(running);
  return spiders.map(({ number, name, tags, version }) => {
    const runs = runsOf.get(number) ?? [];
    const now = (runningOf.get(number) ?? []).map(runOf);
    const { pending = 0, running: isRunning = 0 } = live.get(number) ?? {};
    return {
      number,
      name,
      tags,
      version,
      pending,
      running: isRunning,
      usualItems: usualItemsOf(runs, BAND_RUNS),
      runs: [...now, ...runs].slice(0, most).map(runView),
    };
  });
}
