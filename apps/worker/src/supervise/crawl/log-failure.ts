import { DomainError, type JobDetails, type StreamStore } from '@spiderhub/core';

const ERROR = 40;

/** Tells the job's owner, in the job's own log, why no crawl came about. Faults of ours are not explained to them. */
export async function logFailure(streams: StreamStore, job: JobDetails, error: unknown): Promise<void> {
  const why = error instanceof DomainError ? error.message : 'internal error';
  const writer = await streams.openWriter({ key: job.key, attempt: job.attempt, stream: 'logs' });
  const message = `The crawl could not be started: ${why}`;
  writer.append([Buffer.from(JSON.stringify({ time: Date.now(), level: ERROR, message }))]);
  await writer.seal();
}
