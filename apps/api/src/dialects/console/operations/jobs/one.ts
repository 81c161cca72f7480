import { formatJobKey, type JobDetails, type JobKey, requestErrors } from '@spiderhub/core';
import { jobContracts as contracts } from '@spiderhub/wire';
import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { existingJob, keyOf } from '../../jobs/find.ts';
import { jobView } from '../../jobs/views.ts';
import { served } from '../../served.ts';

export function jobOperations(parts: Parts): Operation[] {
  return [readJob(parts), stopJob(parts), deleteJob(parts), tagJob(parts)];
}

const readJob = (parts: Parts) =>
  served(
    contracts.readJob,
    'jobs.read',
  )(async ({ caller, params }) => {
    const key = keyOf(params);
    await caller.may(key);
    const job = await existingJob(parts, key);
    return { ...(await withSurroundings(parts, job)), ...(await neighbours(parts, key)) };
  });

async function withSurroundings({ jobs, lists }: Parts, job: JobDetails) {
  const { key } = job;
  const [attempts, { usual, lastGood }, waiting, place] = await Promise.all([
    jobs.attempts(key),
    lists.usualBefore(job),
    lists.waiting(key.project, [job]),
    job.state === 'pending' ? lists.place(key) : null,
  ]);
  const around = { usualItems: usual.items, waiting: waiting.get(job.id) ?? null };
  return {
    ...jobView(job, around, attempts ?? []),
    place,
    usual,
    lastGood: lastGood && formatJobKey(lastGood.key),
  };
}

async function neighbours({ lists }: Parts, key: JobKey) {
  const { previous, next } = await lists.neighbours(key);
  const keyTo = (job: number | null) => (job === null ? null : formatJobKey({ ...key, job }));
  return { previous: keyTo(previous), next: keyTo(next) };
}

/** How hard a running job is asked to stop. */
const POLITELY = 1;
const AT_ONCE = 3;

const stopJob = ({ jobs }: Parts) =>
  served(
    contracts.stopJob,
    'jobs.stop',
  )(async ({ caller, params, body }) => {
    const key = keyOf(params);
    await caller.may(key.project);
    const level = body.kill ? AT_ONCE : POLITELY;
    const selection = { project: key.project, keys: [key], strict: true };
    const stopped = await jobs.stop(selection, { level, by: caller.actor });
    return { stopped: stopped.length > 0 };
  });

const deleteJob = ({ jobs }: Parts) =>
  served(
    contracts.deleteJob,
    'jobs.delete',
  )(async ({ caller, params }) => {
    const key = keyOf(params);
    await caller.may(key.project);
    await jobs.remove({ project: key.project, keys: [key], strict: true }, caller.actor);
    return {};
  });

const tagJob = (parts: Parts) =>
  served(
    contracts.tagJob,
    'jobs.tag',
  )(async ({ caller, params, body: { add = [], remove = [] } }) => {
    const key = keyOf(params);
    await caller.may(key.project);
    if (add.length + remove.length === 0) throw requestErrors.invalid('add', 'add or remove is required');
    await parts.jobs.changeTags({ project: key.project, keys: [key] }, { add, remove }, caller.actor);
    return { tags: (await existingJob(parts, key)).tags };
  });
