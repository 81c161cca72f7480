import { parseJobKey } from '@spiderhub/core';
import type { Database } from '@spiderhub/db';

interface Counts {
  items?: number;
  pages?: number;
  errors?: number;
  logs?: number;
}

/** Ends a job as its worker would, without one. */
export async function finishJob(
  database: Database,
  key: string,
  reason: string,
  counts: Counts = {},
): Promise<void> {
  const { project, spider, job } = parseJobKey(key);
  await database('jobs')
    .where({ project_id: project, spider, number: job })
    .update({
      state: 'finished',
      attempt: 1,
      close_reason: reason,
      running_at: database.raw("now() - interval '60 s'"),
      finished_at: database.raw('now()'),
      state_since: database.raw('clock_timestamp()'),
      ...counts,
    });
}
