import { formatJobKey, type Job, type JobDetails, type RawFields, writeRawObject } from '@spiderhub/core';
import { metadataOf } from '@spiderhub/hub';

/** A job as the queue's lists show it, as one line of JSON. */
export function summaryLine(job: Job, now: Date): string {
  return writeRawObject(summaryOf(job, now));
}

/** The same with nothing but the named metadata beside the key, the state and its times. */
export function jobmetaLine(job: JobDetails, names: readonly string[], now: Date): string {
  const metadata = metadataOf(job);
  const fields = coreOf(job, now);
  for (const name of names) {
    const raw = metadata.get(name) ?? countOf(job, name);
    if (raw !== undefined && !fields.has(name)) fields.set(name, raw);
  }
  return writeRawObject(fields);
}

function coreOf(job: Job, now: Date): RawFields {
  const ts = job.stateSince.getTime();
  return new Map([
    ['key', JSON.stringify(formatJobKey(job.key))],
    ['state', JSON.stringify(job.state)],
    ['ts', String(ts)],
    // Never 0: clients compute rates from it, and the clocks of two machines differ by more.
    ['elapsed', String(Math.max(1, now.getTime() - ts))],
  ]);
}

function summaryOf(job: Job, now: Date): RawFields {
  const fields = coreOf(job, now);
  function set(name: string, value: unknown): void {
    if (value !== null && value !== undefined) fields.set(name, JSON.stringify(value));
  }
  set('spider', job.spiderName);
  set('pending_time', job.pendingAt?.getTime());
  set('running_time', job.runningAt?.getTime());
  set('finished_time', job.finishedAt?.getTime());
  if (job.tags.length > 0) set('tags', job.tags);
  set('version', job.version);
  set('close_reason', job.closeReason);
  if (job.state === 'running' || job.state === 'finished') {
    for (const name of COUNTS) set(name, job.counts[name]);
  }
  return fields;
}

const COUNTS = ['items', 'pages', 'logs', 'errors'] as const;

function countOf(job: Job, name: string): string | undefined {
  const known = COUNTS.find((one) => one === name);
  return known && String(job.counts[known]);
}
