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

  it('knows the version of its own project', async () => {
    const heard = await run({ spiderName: 'own-version' });
    expect(heard.payloads('ITM')).toEqual([expect.objectContaining({ version: '1.0' })]);
  });

  it('says that it asked for nothing', async () => {
    const heard = await run({ spiderName: 'idle' });
    expect(heard.logs()).toContain(
      '30 [spiderhub] The spider idle finished without a single request or item',
    );
    expect((await run({ spiderName: 'own-version' })).logs()).not.toContain('without a single');
  });

  it('says that it ended before its spider was closed', async () => {
    const heard = await run({ spiderName: 'quitter' });
    expect(heard.payloads('LOG').at(-1)).toMatchObject({
      level: 40,
      message: "The crawl's process ended with exit status 0.",
    });
  });

  it.each(['error', 'temporary'])('says that it found no room on the disk to begin with: %s', async (how) => {
    const heard = await run({ spiderName: 'no-room', args: { how } });
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'diskusage_exceeded' }]);
    expect(heard.payloads('LOG').at(-1)?.message).toBe("The crawl's process ended with exit status 1.");
  });

  it.each(['start', 'queue'])('says that it found no room on the disk at its start: %s', async (how) => {
    const heard = await run({ spiderName: 'no-room', args: { how } });
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'diskusage_exceeded' }]);
  });

  it.each(['push', 'pop'])('ends when a request is lost to a full disk: %s', async (how) => {
    const heard = await run({ spiderName: 'full-queue', args: { how } });
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'diskusage_exceeded' }]);
    expect(heard.payloads('ITM')).toEqual([]);
  });

  it.each<[string, Record<string, string>]>([
    ['pages of the cache', { HTTPCACHE_ENABLED: 'true' }],
    ['what a pipeline writes', { ITEM_PIPELINES: '{"probe.spiders.habits.WritingPipeline":1}' }],
    ['files', { ITEM_PIPELINES: '{"scrapy.pipelines.files.FilesPipeline":1}', FILES_STORE: '"files"' }],
  ])('ends when a full disk takes no more: %s', async (_what, settings) => {
    const heard = await run({ spiderName: 'full-disk', settings });
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'diskusage_exceeded' }]);
  });

  it('says that nobody asked it to shut down', async () => {
    const heard = await run({ spiderName: 'self-stopper' });
    expect(heard.payloads('FIN')).toEqual([{ outcome: 'shutdown' }]);
    expect(heard.logs()).toContain(
      '40 The crawl was shut down by a signal, or by itself, and not by its worker.',
    );
    expect(heard.payloads('LOG').at(-1)?.message).toBe("The crawl's process ended with exit status 0.");
  });

  filesTests(run);
}

/** Which files of a job go with it, and which are there for the next one. */
function filesTests(run: (job: Partial<JobDetails>) => Promise<Listener>): void {
  it('says which files go with its job', async () => {
    const settings = { JOBDIR: '"crawls/x"', FEEDS: '{"out/%(name)s.csv":{"format":"csv"}}' };
    const logs = (await run({ spiderName: 'diary', settings })).logs();
    expect(logs).toMatch(/^30 \[spiderhub\] JOBDIR: \/.*\/crawls\/x lies in the job's own folder/m);
    expect(logs).toMatch(/^30 \[spiderhub\] FEEDS: \/.*\.csv lies in/m);
    expect((await run({ spiderName: 'diary' })).logs()).not.toContain('own folder');
  });

  it.each([
    ['JOB_FOLDER_ENABLED', 'diary.txt'],
    ['DOTSCRAPY_ENABLED', '.scrapy/diary.txt'],
  ])('keeps files for the next job of its spider with %s', async (name, file) => {
    const key = { project: 7, spider: name.length, job: 1 };
    const settings = { [name]: 'true', HTTPCACHE_ENABLED: 'true' };
    const runs = [];
    for (const _ of [1, 2]) {
      const heard = await run({ spiderName: 'diary', key, args: { file }, settings });
      expect(heard.logs()).not.toContain('own folder');
      runs.push(heard.payloads('ITM')[0]?.runs);
    }
    expect(runs).toEqual([1, 2]);
    expect((await run({ spiderName: 'diary', args: { file: 'diary.txt' } })).payloads('ITM')[0]?.runs).toBe(
      1,
    );
  });
}
