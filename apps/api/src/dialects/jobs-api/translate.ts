import { formatJobKey, type Job, type JobFilter, type ListedJob } from '@spiderhub/core';
import { isoSecond, isoSecondOf, jobFilter } from '@spiderhub/hub';
import type { ListQuery } from './schema.ts';

export function toFilter(query: Omit<ListQuery, 'count' | 'offset'>): JobFilter {
  return jobFilter({
    project: query.project,
    keys: query.job_id ? [...(query.job ?? []), ...query.job_id] : query.job,
    spiders: query.spider,
    states: query.state,
    hasTag: query.has_tag,
    lacksTag: query.lacks_tag,
  });
}

/** A negative count asks for the newest jobs, whatever the offset. */
export function offsetOf({ count = 0, offset = 0 }: Pick<ListQuery, 'count' | 'offset'>): number {
  return count < 0 ? 0 : offset;
}

/** A job as `jobs/list` shows it. What a job does not have yet is left out, as it was in the original. */
export function toJobObject(job: Job, now: Date): Record<string, unknown> {
  const hasArgs = Object.keys(job.args).length > 0;
  return {
    responses_received: job.counts.pages,
    items_scraped: job.counts.items,
    ...(job.closeReason !== null && { close_reason: job.closeReason }),
    logs: job.counts.logs,
    tags: job.tags,
    spider: job.spiderName,
    updated_time: isoSecond(job.stateSince),
    priority: job.priority,
    state: job.state,
    version: job.version,
    spider_type: 'manual',
    ...(job.runningAt && { started_time: isoSecond(job.runningAt) }),
    id: formatJobKey(job.key),
    errors_count: job.counts.errors,
    elapsed: Math.max(0, now.getTime() - job.stateSince.getTime()),
    ...(hasArgs && { spider_args: job.args }),
  };
}

/**
 * The text of `toJobObject`, byte for byte, for lists of millions: it is put together from texts that need no reading.
 */
export function toJobLine(job: ListedJob, now: Date): string {
  const { key, closeReason, runningAt, stateSince } = job;
  const reason = closeReason === null ? '' : `"close_reason":${JSON.stringify(closeReason)},`;
  const started = runningAt === null ? '' : `"started_time":"${isoSecondOf(runningAt)}",`;
  const elapsed = Math.max(0, now.getTime() - stateSince);
  // Arguments may be spaced as Python writes them.
  const args = job.args === '{}' ? '{}' : JSON.stringify(JSON.parse(job.args));
  return (
    `{"responses_received":${job.pages},"items_scraped":${job.items},${reason}"logs":${job.logs},"tags":${job.tags},` +
    `"spider":${JSON.stringify(job.spiderName)},"updated_time":"${isoSecondOf(stateSince)}","priority":${job.priority},` +
    `"state":"${job.state}","version":${JSON.stringify(job.version)},"spider_type":"manual",${started}` +
    `"id":"${key.project}/${key.spider}/${key.job}","errors_count":${job.errors},"elapsed":${elapsed}` +
    `${args === '{}' ? '' : `,"spider_args":${args}`}}\n`
  );
}
