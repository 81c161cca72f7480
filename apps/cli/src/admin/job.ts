import { COMMAND, formatJobKey, type JobKey, readJobKey, undelete } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command } from './command.ts';
import { required } from './options.ts';

const JOB = { job: required('PROJECT/SPIDER/JOB', readKey) };

export const JOB_COMMANDS = [
  // Until its grace is over, a deleted job comes back with all its records.
  command('job undelete', JOB, async ({ job }, { retention, streams }) => {
    await undelete(retention, streams, job, COMMAND);
    return { job: formatJobKey(job), state: 'finished' };
  }),
];

function readKey(flag: string, text: string): JobKey {
  const key = readJobKey(text);
  if (!key) throw new UserError(`${flag}: expected PROJECT/SPIDER/JOB, such as 123/1/2`);
  return key;
}
