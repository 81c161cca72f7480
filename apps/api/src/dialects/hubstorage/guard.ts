import { accessErrors, formatJobKey, type JobKey, type Principal } from '@spiderhub/core';
import type { Parts } from '../../parts.ts';

/** Things of a project that only its members reach, not its crawls. Throws `not_found` or `forbidden`. */
export async function reachProject({ access }: Parts, who: Principal, project: number): Promise<void> {
  if (who.job)
    throw accessErrors.forbidden(`the token of job ${formatJobKey(who.job.key)} is not good for this`);
  await access.project(who, project);
}

/** Collections and frontier: a project's members, and its crawls while they run. */
export async function reachShared({ access }: Parts, who: Principal, project: number): Promise<void> {
  if (who.job?.isOver) throw accessErrors.forbidden(`job ${formatJobKey(who.job.key)} is over`);
  await access.project(who, project);
}

/** Data of one job: its project's members, and the job's own crawl; when that is over it may only hand in the rest. */
export async function reachJob(
  { access }: Parts,
  who: Principal,
  key: JobKey,
  purpose: 'read' | 'write',
): Promise<void> {
  if (who.job) {
    const own = formatJobKey(who.job.key);
    if (own !== formatJobKey(key)) throw accessErrors.forbidden(`the token is for job ${own}`);
    if (who.job.isOver && purpose === 'read') throw accessErrors.forbidden(`job ${own} is over`);
  }
  await access.project(who, key.project);
}
