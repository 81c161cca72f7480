import { DomainError, type JobDetails, LOG_LEVELS, type StreamStore } from '@spiderhub/core';

/** Tells the job's owner, in the job's own log, why no crawl came about. Faults of ours are not explained to them. */
export async function logFailure(streams: StreamStore, job: JobDetails, error: unknown): Promise<void> {
  const why = error instanceof DomainError ? error.message : 'internal error';
  const writer = await streams.openWriter({ key: job.key, attempt: job.attempt, stream: 'logs' });
  const message = `The crawl could not be started: ${why}`;
  writer.append([Buffer.from(JSON.stringify({ time: Date.now(), level: LOG_LEVELS.ERROR, message }))]);
  await writer.seal();
}
