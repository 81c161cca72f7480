import { eventually } from '@spiderhub/testkit';
import { deployDemo } from '../../support/demo-egg.ts';
import { type Service, startService } from '../../support/service.ts';

/** A periodic job on built processes: planned over HTTP, fired by the leader, crawled by a worker. */

jest.setTimeout(300_000);

let service: Service;

beforeAll(async () => {
  service = await startService();
  await deployDemo(service);
});
afterAll(() => service.stop());

async function api(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const answer = await fetch(`${service.url}/api/projects/${service.team.project}/periodicjobs${path}`, {
    method,
    headers: {
      Authorization: `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`,
      'Content-Type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return (await answer.json()) as Record<string, unknown>;
}

it('crawls when its time has come, and tells of it', async () => {
  // The service has to be told before.
  const soon = new Date(Date.now() + 10_000).toISOString().replace(/\.\d+Z$/, 'Z');
  const made = await api('POST', '', {
    cron: soon,
    addtags: ['nightly'],
    tasks: [
      {
        name: 'books',
        spider_args: { max_pages: '1' },
        priority: 4,
        job_settings: { DEMO_SITE_URL: `${service.url}/demo/` },
      },
    ],
  });
  expect(made).toMatchObject({ cron: soon, next_runs: [soon.replace('Z', '.000Z')] });
  const job = await eventually(
    async () => {
      const { last_run: last } = await api('GET', `/${String(made.id)}`);
      const { jobs, outcome } = last as { jobs: string[]; outcome: string };
      expect(outcome).toBe('scheduled');
      return jobs[0] as string;
    },
    { timeoutMs: 120_000 },
  );
  await eventually(
    async () => {
      const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&job=${job}`);
      const [done] = ((await answer.json()) as { jobs: object[] }).jobs;
      expect(done).toMatchObject({
        state: 'finished',
        close_reason: 'finished',
        tags: ['nightly'],
        priority: 4,
        spider_args: { max_pages: '1' },
        items_scraped: expect.any(Number),
      });
    },
    { timeoutMs: 180_000 },
  );
  expect(await api('GET', `/${String(made.id)}`)).toMatchObject({ next_runs: [], last_run: { jobs: [job] } });
});
