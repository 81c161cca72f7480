import { eventually } from '@spiderhub/testkit';
import { deployDemo } from '../../support/demo-egg.ts';
import { type Service, startService } from '../../support/service.ts';

/** What a polite stop of a worker in its draining mode does to the crawl that it runs. */

jest.setTimeout(300_000);

const ITEMS = 15;

let service: Service;

beforeAll(async () => {
  service = await startService({ workers: 0 });
  await deployDemo(service);
});
afterAll(() => service.stop());

async function schedule(items: number): Promise<string> {
  const answer = await service.call('/api/run.json', {
    project: String(service.team.project),
    spider: 'slow',
    run: String(items),
    job_settings: JSON.stringify({
      DEMO_SITE_URL: `${service.url}/demo/`,
      CLOSESPIDER_ITEMCOUNT: items,
      CONCURRENT_REQUESTS: 1,
    }),
  });
  return ((await answer.json()) as { jobid: string }).jobid;
}

async function find(job: string): Promise<{ state: string; close_reason?: string; items_scraped: number }> {
  const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${job}`);
  return ((await answer.json()) as { jobs: never[] }).jobs[0] as never;
}

it('a draining worker lets its crawl finish and starts no other', async () => {
  const worker = await service.startWorker({
    WORKER_STOP_MODE: 'drain',
    DRAIN_SECONDS: '120',
    WORKER_SLOTS: '1',
  });
  // A second for each: it is not over when the worker is stopped.
  const running = await schedule(ITEMS);
  await eventually(async () => expect((await find(running)).items_scraped).toBeGreaterThan(0), {
    timeoutMs: 150_000,
  });
  const waiting = await schedule(1);
  await worker.stop();
  expect(await find(running)).toMatchObject({ state: 'finished', close_reason: 'closespider_itemcount' });
  expect((await find(running)).items_scraped).toBeGreaterThanOrEqual(ITEMS);
  expect(await find(waiting)).toMatchObject({ state: 'pending' });

  await service.startWorker();
  await eventually(async () => expect((await find(waiting)).state).toBe('finished'), { timeoutMs: 150_000 });
});
