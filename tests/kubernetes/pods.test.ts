import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { deployDemo } from '../support/demo-egg.ts';
import type { ServiceProcess } from '../support/service.ts';
import { IMAGE, missing, openStage, type Stage } from './stage.ts';

/** The whole service, with crawls that are Pods of a real API server and a double for the kubelet. */

jest.setTimeout(400_000);

const CLI = join(__dirname, '../../apps/cli/dist/main.js');

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

  it('are what `doctor` looks for: the rights of the worker, and whether the cluster takes a Pod', async () => {
    expect(doctor()).toEqual([{ state: 'ok', words: 'the cluster takes Pods of crawls' }]);
    const other = mkdtempSync(join(stage.folder, 'other-'));
    writeFileSync(join(other, 'ca.crt'), stage.cluster.ca);
    writeFileSync(join(other, 'token'), await stage.cluster.tokenOf('spiderhub-crawls', 'spiderhub-crawl'));
    expect(doctor({ KUBERNETES_ACCOUNT: other })).toEqual([
      {
        state: 'broken',
        words: expect.stringMatching(/may not create pods, get pods, .* delete secrets in/),
      },
    ]);
    const ranges = '/api/v1/namespaces/spiderhub-crawls/limitranges';
    const limits = [{ type: 'Container', max: { memory: '16Mi' } }];
    await stage.cluster.call('POST', ranges, { metadata: { name: 'small' }, spec: { limits } });
    await eventually(() =>
      expect(doctor()).toEqual([
        {
          state: 'broken',
          words: expect.stringMatching(/refuses the Pod of a crawl: .*maximum memory usage/),
        },
      ]),
    );
    await stage.cluster.call('DELETE', `${ranges}/small`);
    expect(doctor({ KUBERNETES_SERVICE_PORT: '1' })).toEqual([
      { state: 'broken', words: expect.stringContaining('the API server cannot be asked') },
    ]);
  });

  /** What `admin doctor` says of Pods. */
  function doctor(more: NodeJS.ProcessEnv = {}): { state: string; words: string }[] {
    const env = { ...stage.service.env, ...more };
    const { stdout } = spawnSync(process.execPath, [CLI, 'admin', 'doctor', '--json'], {
      env,
      encoding: 'utf8',
    });
    return (JSON.parse(stdout) as { part: string; state: string; words: string }[])
      .filter(({ part }) => part === 'pods')
      .map(({ state, words }) => ({ state, words }));
  }
});
