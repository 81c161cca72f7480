import { type ListedPeriodicJob, NEW_PERIODIC_PLAN } from '@spiderhub/core';

/** For tests: a periodic job as a store lists it. */
export function aListedPeriodicJob(more: Partial<ListedPeriodicJob> = {}): ListedPeriodicJob {
  const job = { id: 5, project: 1, createdBy: 'eve', revision: 1, nextAt: new Date(0), lastRun: null };
  return { ...NEW_PERIODIC_PLAN, cron: '* * * * *', ...job, ...more } as ListedPeriodicJob;
}
