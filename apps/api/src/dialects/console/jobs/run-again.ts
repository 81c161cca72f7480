import { type JobDetails, MASK } from '@spiderhub/core';
import { namedList } from './views.ts';

/** What it takes to run a job again. The version is left open: whoever mends a spider runs it again to see. */
export function runAgain(job: JobDetails) {
  const { spiderName, args, tags, priority, units, settings, environment, command } = job;
  return {
    spider: spiderName,
    args: namedList(args),
    tags,
    priority,
    units,
    version: null,
    settings: namedList(settings),
    // The project's secrets come by themselves.
    environment: namedList(environment).filter(({ value }) => value !== MASK),
    command,
  };
}
