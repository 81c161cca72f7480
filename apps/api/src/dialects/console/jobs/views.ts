import {
  type Band,
  type EndedAttempt,
  formatJobKey,
  type Job,
  type JobDetails,
  outcomeKind,
  type WaitReason,
} from '@spiderhub/core';

const MOST_ARGS = 10;
const LONGEST_ARG = 200;

const time = (moment: Date | null) => moment?.toISOString() ?? null;

/** Texts by name as a list: a name may be any text, `__proto__` too. */
export function namedList(texts: Record<string, string>): { name: string; value: string }[] {
  return Object.entries(texts).map(([name, value]) => ({ name, value }));
}

/** What is known about a job beside its row. */
export interface Around {
  waiting: WaitReason | null;
  usualItems: Band | null;
}

function fieldsOf(job: Job, { waiting, usualItems }: Around) {
  const { items, pages, errors, logs } = job.counts;
  return {
    key: formatJobKey(job.key),
    spider: job.spiderName,
    state: job.state,
    outcome: outcomeKind(job.state, job.closeReason),
    closeReason: job.closeReason,
    priority: job.priority,
    units: job.units,
    tags: job.tags,
    version: job.version,
    attempt: job.attempt,
    external: job.external,
    stopRequested: job.stopRequested && job.state === 'running',
    items,
    pages,
    errors,
    logs,
    stateSince: job.stateSince.toISOString(),
    pendingAt: time(job.pendingAt),
    runningAt: time(job.runningAt),
    finishedAt: time(job.finishedAt),
    scheduledBy: job.scheduledBy,
    waiting: waiting && { ...waiting, until: time(waiting.until) },
    usualItems,
  };
}

/** What changes of a row while somebody looks at it; what was read with it stays. */
export function liveRow(job: Job) {
  const { waiting, usualItems: _, ...fields } = fieldsOf(job, { waiting: null, usualItems: null });
  // Why it waits is read with its list; a job that does not wait waits for nothing.
  return job.state === 'pending' ? fields : { ...fields, waiting };
}

export function jobRow(job: Job, around: Around) {
  const args = namedList(job.args)
    .slice(0, MOST_ARGS)
    .map(({ name, value }) => ({ name: name.slice(0, LONGEST_ARG), value: value.slice(0, LONGEST_ARG) }));
  return { ...fieldsOf(job, around), args };
}

export function jobView(job: JobDetails, around: Around, attempts: readonly EndedAttempt[]) {
  return {
    ...fieldsOf(job, around),
    args: namedList(job.args),
    settings: namedList(job.settings),
    environment: namedList(job.environment),
    command: job.command,
    meta: namedList(job.meta),
    startedBy: job.startedBy,
    completedBy: job.completedBy,
    cancelledBy: job.cancelledBy,
    attempts: attempts.map(attemptView),
  };
}

function attemptView({ attempt, startedAt, endedAt, closeReason, exitStatus, counts }: EndedAttempt) {
  const { items, pages, errors, logs } = counts;
  const times = { startedAt: time(startedAt), endedAt: endedAt.toISOString() };
  return { attempt, ...times, closeReason, exitStatus, items, pages, errors, logs };
}
