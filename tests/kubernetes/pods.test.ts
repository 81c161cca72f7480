import { eventually } from '@spiderhub/testkit';
import { deployDemo } from '../support/demo-egg.ts';
import type { ServiceProcess } from '../support/service.ts';
import { IMAGE, missing, openStage, type Stage } from './stage.ts';

/** The whole service, with crawls that are Pods of a real API server and a double for the kubelet. */

jest.setTimeout(400_000);

const why = missing();
if (why) process.stderr.write(`Crawls as Pods are not tried: ${why}\n`);
const withCluster = why ? describe.skip : describe;

withCluster('jobs whose crawls are Pods', () => {
  let stage: Stage;
  let worker: ServiceProcess;
  beforeAll(async () => {
    stage = await openStage('all');
    worker = await stage.service.startWorker();
    const project = String(stage.service.team.project);
    const image = {
      version: '1.0',
      image_url: IMAGE,
      project_type: 'other',
      spiders: 'facts,polite,few,greedy',
    };
    const answer = await stage.service.call('/api/releases/deploy.json', { project, ...image });
    expect(answer.status).toBe(200);
  });
  afterEach(async () => {
    await eventually(async () => expect(await stage.pods()).toEqual([]), { everyMs: 200 });
  });
  afterAll(async () => {
    await stage?.close();
  });

  it('are given what the contract says, and what they say is kept', async () => {
    const environment = JSON.stringify({ MINE: "it's" });
    const id = await stage.schedule('facts', { a: 'b', job_settings: '{"JOBSETTING": 1}', environment });
    const crawl = await stage.ended(id, 'all_done');
    expect(crawl.items).toEqual([
      {
        uid: 65_534,
        cwd: '/scrapinghub',
        kept: 'kept',
        key: id,
        mine: "it's",
        mb: expect.any(Number),
        data: expect.objectContaining({ key: id, spider_args: expect.objectContaining({ a: 'b' }) }),
        settings: expect.objectContaining({ job_settings: { JOBSETTING: 1 } }),
      },
    ]);
    expect(crawl.log).toContain('to stdout');
    expect(crawl.warnings).toEqual(['from the pipe']);
    expect(crawl.errors).toContain('to stderr');
  });

  it('end as the job is stopped, or as the memory is used up', async () => {
    const id = await stage.schedule('polite');
    await stage.hasItems(id);
    await stage.stopJob(id);
    await stage.ended(id, 'cancelled');
    await stage.ended(await stage.schedule('greedy'), 'killed by oom');
  });

  it('go on when their worker is killed, and the next one loses no line', async () => {
    const id = await stage.schedule('few');
    await stage.hasItems(id);
    await worker.kill();
    // Somewhere else, where nothing of the first one is.
    worker = await stage.service.startWorker({ SPIDERHUB_PYTHON: process.env.SPIDERHUB_PYTHON });
    const crawl = await stage.ended(id, 'finished');
    expect(crawl.items).toEqual(Array.from({ length: 60 }, (_, n) => ({ n })));
    expect(await stage.attemptsOf(id)).toBe(1);
  });

  it('are real crawls of eggs', async () => {
    await deployDemo(stage.service, '2.0');
    const id = await stage.schedule('books', {
      version: '2.0',
      max_pages: '2',
      job_settings: JSON.stringify({ DEMO_SITE_URL: `${stage.service.url}/demo/` }),
    });
    await eventually(async () => expect((await stage.podOf(id)).spec.containers).toHaveLength(2));
    const crawl = await stage.ended(id, 'finished');
    expect(crawl.items.length).toBeGreaterThan(0);
    expect(crawl.requests).toBeGreaterThan(0);
    expect(crawl.log).toContain('Spider closed (finished)');
  });
});
