import { hash } from 'node:crypto';
import { DomainError, formatJobKey, type JobKey } from '@spiderhub/core';
import type { Parts } from '../../../parts.ts';
import { existingJob } from './find.ts';
import { runAgain } from './run-again.ts';
import { type Origin, toScheduleRequest } from './run-request.ts';

/** What came of a change of several jobs. */
export interface Changed {
  done: number;
  refused: { key: string; why: string }[];
}

const TOGETHER = 25;

/** Does the same with each job, some of them at once; what one of them is refused for concerns that one alone. */
export async function eachJob(
  keys: readonly JobKey[],
  change: (key: JobKey) => Promise<void>,
): Promise<Changed> {
  const refused: Changed['refused'] = [];
  async function one(key: JobKey): Promise<void> {
    try {
      await change(key);
    } catch (error) {
      if (!(error instanceof DomainError) || error.kind === 'unavailable') throw error;
      refused.push({ key: formatJobKey(key), why: error.message });
    }
  }
  for (let at = 0; at < keys.length; at += TOGETHER)
    await Promise.all(keys.slice(at, at + TOGETHER).map(one));
  return { done: keys.length - refused.length, refused };
}

/** Schedules a copy of each job. One idempotency key is good for all of them. */
export function runThemAgain(parts: Parts, keys: readonly JobKey[], origin: Origin): Promise<Changed> {
  const { idempotencyKey } = origin;
  return eachJob(keys, async (key) => {
    const again = runAgain(await existingJob(parts, key));
    const own = idempotencyKey && hash('sha256', `${idempotencyKey} ${formatJobKey(key)}`, 'base64url');
    await parts.jobs.schedule(toScheduleRequest(again, { ...origin, idempotencyKey: own }));
  });
}
