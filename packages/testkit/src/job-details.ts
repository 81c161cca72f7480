import type { JobDetails } from '@spiderhub/core';

/** A job that has finished, with everything that may be said of it. */
export function aJobDetails(more: Partial<JobDetails> = {}): JobDetails {
  const at = new Date('2026-01-01T00:00:00Z');
  return {
    id: 1,
    key: { project: 1, spider: 2, job: 3 },
    spiderName: 'books',
    state: 'finished',
    attempt: 1,
    priority: 2,
    units: 1,
    tags: [],
    version: 'v1',
    closeReason: 'finished',
    stateSince: at,
    pendingAt: at,
    runningAt: at,
    finishedAt: at,
    deletedAt: null,
    scheduledBy: 'eve',
    startedBy: null,
    completedBy: null,
    cancelledBy: null,
    deletedBy: null,
    stopRequested: false,
    external: false,
    counts: { items: 0, pages: 0, logs: 0, errors: 0 },
    args: {},
    settings: {},
    environment: {},
    command: null,
    scrapyStats: null,
    meta: {},
    requestId: null,
    ...more,
  };
}
