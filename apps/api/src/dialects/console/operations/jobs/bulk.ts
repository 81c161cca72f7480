import { DomainError, formatJobKey, type JobKey, parseJobKeysOf, requestErrors } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import { idempotencyKeyOf } from '../../../../http/idempotency-key.ts';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { type Changed, eachJob, runThemAgain } from '../../jobs/bulk.ts';
import { served } from '../../served.ts';

/** Jobs of one call when a filter says which: few enough to answer within a moment. */
const AT_ONCE = 200;

interface Selection {
  keys?: string[] | undefined;
  q?: string | undefined;
  cursor?: string | undefined;
}

export function bulkOperations(parts: Parts): Operation[] {
  return [stopJobs(parts), deleteJobs(parts), tagJobs(parts), runJobsAgain(parts)];
}

const stopJobs = (parts: Parts) =>
  served(
    contracts.stopJobs,
    'jobs.stop',
  )(async ({ caller, params: { project }, body }) => {
    await caller.may(project);
    return reported(parts, project, body, async (keys) => {
      const stopped = await parts.jobs.stop({ project, keys, strict: false }, { level: 1, by: caller.actor });
      return { done: stopped.length, refused: [] };
    });
  });

const deleteJobs = (parts: Parts) =>
  served(
    contracts.deleteJobs,
    'jobs.delete',
  )(async ({ caller, params: { project }, body }) => {
    await caller.may(project);
    return reported(parts, project, body, async (keys) => {
      const removed = await parts.jobs.remove({ project, keys, strict: false }, caller.actor);
      return { done: removed.length, refused: [] };
    });
  });

const tagJobs = (parts: Parts) =>
  served(
    contracts.tagJobs,
    'jobs.tag',
  )(async ({ caller, params: { project }, body }) => {
    await caller.may(project);
    const { add = [], remove = [], ...selection } = body;
    if (add.length + remove.length === 0) throw requestErrors.invalid('add', 'add or remove is required');
    const tag = (keys: JobKey[]) => parts.jobs.changeTags({ project, keys }, { add, remove }, caller.actor);
    return reported(parts, project, selection, async (keys) => {
      try {
        return { done: await tag(keys), refused: [] };
      } catch (error) {
        // One of them is gone for good: the others are to have their tags all the same.
        if (!(error instanceof DomainError) || error.kind !== 'not_found') throw error;
        return eachJob(keys, async (key) => void (await tag([key])));
      }
    });
  });

const runJobsAgain = (parts: Parts) =>
  served(
    contracts.runJobsAgain,
    'jobs.run',
  )(async ({ caller, params: { project }, body, headers, requestId }) => {
    await caller.may(project);
    const origin = {
      project,
      scheduledBy: caller.name,
      actor: caller.actor,
      requestId,
      idempotencyKey: idempotencyKeyOf(headers),
    };
    return reported(parts, project, body, (keys) => runThemAgain(parts, keys, origin));
  });

/** Does something with the selected jobs of one call, and says what came of it. */
async function reported(
  parts: Parts,
  project: number,
  selection: Selection,
  change: (keys: JobKey[]) => Promise<Changed>,
) {
  const { keys, cursor } = await selected(parts, project, selection);
  if (keys.length === 0) return { done: 0, skipped: 0, refused: [], cursor };
  const { done, refused } = await change(keys);
  return { done, skipped: keys.length - done - refused.length, refused, cursor };
}

/** From the newest to the oldest: what a call has changed is newer than the cursor, and not met again. */
async function selected(
  { lists, now }: Parts,
  project: number,
  { keys, q, cursor }: Selection,
): Promise<{ keys: JobKey[]; cursor: string | null }> {
  if ((keys === undefined) === (q === undefined))
    throw requestErrors.invalid('keys', 'keys or q is required');
  if (keys) {
    const found = parseJobKeysOf(project, keys);
    return { keys: [...new Map(found.map((key) => [formatJobKey(key), key])).values()], cursor: null };
  }
  const from = cursor ?? `${now().getTime() * 1000}-${'9'.repeat(18)}`;
  const page = await lists.list(project, { q: q ?? '', cursor: from, limit: AT_ONCE, order: 'newest' });
  return { keys: page.jobs.map(({ key }) => key), cursor: page.cursor };
}
