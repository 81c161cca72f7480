import {
  formatJobKey,
  type JobDetails,
  type JobKey,
  jobErrors,
  outcomeKind,
  readJobKey,
  readRawObject,
  requestErrors,
} from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { shareOf, sharesOf } from '../../jobs/coverage.ts';
import { differences, ranked } from '../../jobs/differences.ts';
import { existingJob } from '../../jobs/find.ts';
import { compareItems } from '../../records/compare-items.ts';
import { errorGroups } from '../../records/logs.ts';
import { type Sample, thinned } from '../../records/samples.ts';
import { served } from '../../served.ts';

const POINTS = 500;

export const compareOperation = (parts: Parts): Operation =>
  served(contracts.compareJobs, {
    action: 'jobs.read',
    alsoAsks: ['items.read', 'logs.read', 'samples.read'],
  })(async ({ caller, params: { project }, query }) => {
    await caller.may(project);
    for (const action of ['items.read', 'logs.read', 'samples.read'] as const)
      await caller.may(project, action);
    const { by } = query;
    const [a, b] = await Promise.all([
      existingJob(parts, keyIn(project, 'a', query.a)),
      existingJob(parts, keyIn(project, 'b', query.b)),
    ]);
    const ref = (job: JobDetails) => ({ key: job.key, attempt: job.attempt, stream: 'items' as const });
    const [coverage, errors, progress, items] = await Promise.all([
      coverageOf(parts, a, b),
      errorsOf(parts, a, b),
      Promise.all([progressOf(parts, a), progressOf(parts, b)]),
      by === undefined ? null : compareItems(parts.streams, ref(a), ref(b), by),
    ]);
    return {
      a: sideView(a),
      b: sideView(b),
      facts: differences(factsOf(a), factsOf(b)),
      args: differences(byName(a.args), byName(b.args)),
      settings: differences(byName(a.settings), byName(b.settings)),
      environment: differences(byName(a.environment), byName(b.environment)),
      stats: ranked(differences(statsOf(a), statsOf(b))),
      coverage,
      progress: { a: progress[0], b: progress[1] },
      errors,
      items,
    };
  });

/** `1/7`, or with the project before it. Throws `invalid`, and `not_found` for another project's. */
function keyIn(project: number, field: string, text: string): JobKey {
  const key = readJobKey(text) ?? readJobKey(`${project}/${text}`);
  if (!key) throw requestErrors.invalid(field, 'expected spider/job or project/spider/job');
  if (key.project !== project) throw jobErrors.notFound(formatJobKey(key));
  return key;
}

function sideView(job: JobDetails) {
  const { key, spiderName, state, closeReason, version, runningAt, finishedAt, counts } = job;
  const { items, pages, errors } = counts;
  return {
    key: formatJobKey(key),
    spider: spiderName,
    state,
    outcome: outcomeKind(state, closeReason),
    closeReason,
    version,
    runningAt: runningAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
    seconds: runningAt && finishedAt && (finishedAt.getTime() - runningAt.getTime()) / 1000,
    items,
    pages,
    errors,
  };
}

function byName(texts: Record<string, string>): Map<string, string> {
  return new Map(Object.entries(texts));
}

function factsOf({ version, priority, units, tags, command, closeReason }: JobDetails): Map<string, string> {
  const facts = {
    version,
    priority: String(priority),
    units: String(units),
    tags: [...tags].sort().join(', '),
    command: command?.join(' ') ?? null,
    closeReason,
  };
  return new Map(Object.entries(facts).filter((fact): fact is [string, string] => fact[1] !== null));
}

function statsOf({ scrapyStats }: JobDetails): Map<string, string> {
  return readRawObject(scrapyStats ?? '{}') ?? new Map();
}

async function coverageOf(parts: Parts, a: JobDetails, b: JobDetails) {
  const [left, right] = await Promise.all([sharesOf(parts, a), sharesOf(parts, b)]);
  const names = [...new Set([...left.counts.keys(), ...right.counts.keys()])];
  return names
    .map((name) => ({
      name,
      a: left.items === 0 ? null : shareOf(left, name),
      b: right.items === 0 ? null : shareOf(right, name),
    }))
    .sort((x, y) => Math.abs((y.a ?? 0) - (y.b ?? 0)) - Math.abs((x.a ?? 0) - (x.b ?? 0)));
}

async function errorsOf({ streams }: Parts, a: JobDetails, b: JobDetails) {
  const groupsOf = (job: JobDetails) =>
    errorGroups(streams, { key: job.key, attempt: job.attempt, stream: 'logs' });
  const [left, right] = await Promise.all([groupsOf(a), groupsOf(b)]);
  const counts = new Map<string, { shape: string; a: number; b: number }>();
  for (const { shape, count } of left.groups) counts.set(shape, { shape, a: count, b: 0 });
  for (const { shape, count } of right.groups)
    counts.set(shape, { shape, a: counts.get(shape)?.a ?? 0, b: count });
  return [...counts.values()].sort((x, y) => y.a + y.b - x.a - x.b);
}

/** Seconds since the first sample, and items so far. */
async function progressOf({ streams }: Parts, { key, attempt }: JobDetails): Promise<[number, number][]> {
  const { points } = await thinned(streams, { key, attempt, stream: 'samples' }, POINTS);
  const start = points[0]?.[0] ?? 0;
  return points.map(([at, , , items]: Sample): [number, number] => [
    ((at ?? start) - start) / 1000,
    items ?? 0,
  ]);
}
