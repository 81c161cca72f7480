import { type Concern, concernsOf, formatJobKey, type Job, outcomeKind, secondsOf } from '@spiderhub/core';
import type { Parts } from '../../../parts.ts';
import type { LookedUp } from './looked-up.ts';
import { notStarted, troublesOf } from './troubles.ts';

const DAY_MS = 24 * 3_600_000;
const MOST_SPIDERS = 2000;
const MOST_DOTS = 1000;
const SHOWN_SPIDERS = 100;

/** The morning screen of a project. */
export async function overviewOf(parts: Parts, lookedUp: LookedUp, project: number) {
  const { lists, overview, versions, now } = parts;
  const since = new Date(now().getTime() - DAY_MS);
  const spiders = (await versions.spiders(project)).slice(0, MOST_SPIDERS);
  const [queue, ended, oldestPending, hasKey, dots, troubles, idle] = await Promise.all([
    parts.projects.queueCounts(project),
    lists.finishedSince(project, since),
    overview.oldestPending(project),
    overview.hasKey(project),
    parts.jobs.page({ project, states: ['finished'], since }, { count: MOST_DOTS, offset: 0 }),
    troublesOf(parts, lookedUp, project, spiders),
    notStarted(parts, project),
  ]);
  const { pending, running, finished } = queue;
  return {
    strip: { running, pending, oldestPending: oldestPending?.toISOString() ?? null, ...ended },
    concerns: concernsOf([...troubles, ...idle]).map(concernView),
    dots: dots.map(dotOf),
    steps: {
      hasKey,
      hasVersion: (await versions.newest(project)) !== null,
      hasJob: pending + running + finished > 0,
    },
  };
}

function concernView({ kind, cause, closeReason, detail, troubles }: Concern) {
  return {
    kind,
    cause,
    closeReason,
    error: kind === 'failed' ? detail : null,
    count: troubles.length,
    spiders: troubles.slice(0, SHOWN_SPIDERS).map(({ spider, number, run, usual }) => ({
      name: spider,
      number,
      job: run && formatJobKey(run.key),
      at: run?.stateSince.toISOString() ?? null,
      items: run?.items ?? null,
      usual,
    })),
  };
}

function dotOf(job: Job) {
  return {
    key: formatJobKey(job.key),
    spider: job.spiderName,
    outcome: outcomeKind(job.state, job.closeReason),
    pages: job.counts.pages,
    items: job.counts.items,
    seconds: secondsOf(job),
    at: job.stateSince.toISOString(),
  };
}
