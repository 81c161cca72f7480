import type { JobDetails } from './job.ts';

/**
 * `job_cmd` of a job, null for a spider without one (an empty `cmd_args` is none): a script's name comes first, as
 * sh_scrapy and shub-workflow's `clone_job` count on. Callers send its arguments with or without its name.
 */
export function commandLine({
  spiderName,
  command,
}: Pick<JobDetails, 'spiderName' | 'command'>): string[] | null {
  if (!spiderName.startsWith('py:')) return command?.length ? command : null;
  return command?.[0] === spiderName ? command : [spiderName, ...(command ?? [])];
}
