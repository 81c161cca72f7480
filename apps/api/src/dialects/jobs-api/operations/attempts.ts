import { formatJobKey, jobErrors } from '@spiderhub/core';
import { z } from 'zod';
import { type Operation, operation } from '../../../http/operation.ts';
import type { Parts } from '../../../parts.ts';
import { JobKeys, ProjectId } from '../schema.ts';

const AttemptsQuery = z
  .object({ project: ProjectId, job: JobKeys.refine((keys) => keys.length === 1, 'is given more than once') })
  .meta({ id: 'ScrapinghubAttemptsQuery' });

const Attempts = z
  .object({ status: z.literal('ok'), attempts: z.array(z.record(z.string(), z.unknown())) })
  .meta({ id: 'ScrapinghubAttempts' });

/** Ours, beyond Scrapy Cloud: what became of each try of a job. Times are ms since the epoch. */
export function attemptsOperation({ jobs }: Parts): Operation {
  return operation({
    method: 'get',
    path: '/jobs/attempts.json',
    summary: 'List the ended attempts of a job',
    action: 'jobs.read',
    query: AttemptsQuery,
    reply: Attempts,
  })(async ({ query, caller }) => {
    await caller.may(query.project);
    const [key] = query.job;
    const found = key && key.project === query.project ? await jobs.attempts(key) : null;
    if (!key || !found) throw jobErrors.notFound(key ? formatJobKey(key) : '');
    const attempts = found.map(({ attempt, startedAt, endedAt, closeReason, exitStatus, counts }) => ({
      attempt,
      started_time: startedAt?.getTime() ?? null,
      ended_time: endedAt.getTime(),
      close_reason: closeReason,
      exit_status: exitStatus,
      items: counts.items,
      pages: counts.pages,
      logs: counts.logs,
      errors: counts.errors,
    }));
    return { status: 'ok' as const, attempts };
  });
}
