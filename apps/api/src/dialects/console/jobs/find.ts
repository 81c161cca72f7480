import {
  formatJobKey,
  type JobDetails,
  type JobKey,
  jobErrors,
  requestErrors,
  type StreamName,
  type StreamRef,
} from '@spiderhub/core';
import type { Parts } from '../../../parts.ts';

/** Numbers in a path, as a key. */
export function keyOf({ project, spider, job }: { project: number; spider: number; job: number }): JobKey {
  return { project, spider, job };
}

/** Throws `not_found`. Whether the caller may know of it was asked before. */
export async function existingJob({ jobs }: Parts, key: JobKey): Promise<JobDetails> {
  const job = await jobs.find(key);
  if (!job) throw jobErrors.notFound(formatJobKey(key));
  return job;
}

/** A stream of a job, of one of its attempts. Throws `not_found` for the job, `invalid` for an attempt to come. */
export async function streamOf(
  parts: Parts,
  key: JobKey,
  stream: StreamName,
  attempt: number | undefined,
): Promise<{ job: JobDetails; ref: StreamRef }> {
  const job = await existingJob(parts, key);
  if (attempt !== undefined && attempt > job.attempt) {
    throw requestErrors.invalid('attempt', `the job has had ${job.attempt}`);
  }
  return { job, ref: { key: job.key, attempt: attempt ?? job.attempt, stream } };
}
