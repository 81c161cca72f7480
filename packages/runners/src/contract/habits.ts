import type { JobDetails } from '@spiderhub/core';
import type { Stage } from './stage.ts';
import { crawlRequest, type Listener } from './support.ts';

/** What projects do that were written for a terminal or another service: it works here as it did there. */
export function habitsTests(stage: Stage): void {
  async function run(job: Partial<JobDetails>): Promise<Listener> {
    const heard = stage.hear(await stage.start(crawlRequest(stage.probe, job)));
    await heard.toEnd();
    return heard;
  }

  it.each(['spawn', 'forkserver'])("lets %s children import the project's code", async (method) => {
    const heard = await run({ spiderName: 'pool', args: { method } });
    expect(heard.payloads('ITM')[0]?.squares).toEqual([1, 4, 9]);
  });

  it.each([
    ['spider', {}],
    ['job', { LOG_FILE: '"logs/job.log"' }],
  ])('keeps the log of a job that has a LOG_FILE of its %s', async (_whose, settings) => {
    const heard = await run({ spiderName: 'own-log-file', settings });
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'finished' }]);
    expect(heard.logs()).toContain('seen');
  });
}
