import { type Actor, type AuditAction, type ChangedJob, formatJobKey, type JobKey } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';

/** Keys that a line of the audit log names of many. */
export const MOST_NOTED = 100;

/** Notes what was done with jobs, in the transaction that does it: one line for each project. */
export async function noteJobs(
  tx: Database,
  by: Actor,
  action: AuditAction,
  changed: readonly Pick<ChangedJob, 'key'>[],
  more: { after?: Record<string, unknown> } = {},
): Promise<void> {
  for (const project of new Set(changed.map(({ key }) => key.project))) {
    const jobs = changed.filter(({ key }) => key.project === project);
    const keys = jobs.slice(0, MOST_NOTED).map(({ key }) => formatJobKey(key));
    const entry = { action, place: { project }, object: objectOf(jobs), before: { jobs: keys } };
    await audit(tx, by, { ...entry, ...more });
  }
}

function objectOf(jobs: readonly { key: JobKey }[]): string {
  const [first] = jobs;
  return first && jobs.length === 1 ? `job ${formatJobKey(first.key)}` : `${jobs.length} jobs`;
}
