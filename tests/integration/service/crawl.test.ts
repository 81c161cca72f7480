import { eventually } from '@spiderhub/testkit';
import { deployDemo } from '../../support/demo-egg.ts';
import { type Service, startService } from '../../support/service.ts';

/** The main path, on built processes: HTTP in, a real Scrapy crawl, results out. */

jest.setTimeout(300_000);

interface ListedJob {
  id: string;
  state: string;
  close_reason?: string;
  items_scraped: number;
  tags: string[];
  version: string;
}

let service: Service;

beforeAll(async () => {
  service = await startService();
  const verdict = JSON.parse((await deployDemo(service)).at(-1) ?? '{}');
  expect(verdict).toMatchObject({ status: 'ok', project: service.team.project, version: '1.0' });
});
afterAll(() => service.stop());

async function schedule(spider: string, more: Record<string, string | string[]> = {}): Promise<string> {
  const answer = await service.call('/api/schedule.json', {
    project: String(service.team.project),
    spider,
    setting: '',
    ...more,
  });
  const body = (await answer.json()) as { status: string; jobid: string };
  expect(body).toMatchObject({ status: 'ok' });
  return body.jobid;
}

async function list(query: string): Promise<ListedJob[]> {
  const answer = await service.call(`/api/jobs/list.json?project=${service.team.project}&${query}`);
  return ((await answer.json()) as { jobs: ListedJob[] }).jobs;
}

async function finished(job: string): Promise<ListedJob> {
  return eventually(
    async () => {
      const [found] = await list(`job=${job}`);
      if (found?.state !== 'finished') throw new Error(`job ${job} is ${found?.state}`);
      return found;
    },
    { timeoutMs: 180_000 },
  );
}

const siteSettings = () => ({ job_settings: JSON.stringify({ DEMO_SITE_URL: `${service.url}/demo/` }) });

describe('a crawl', () => {
  it('runs with arguments and tags, and its items and log come back', async () => {
    const job = await schedule('books', { ...siteSettings(), max_pages: '2', add_tag: ['t1', 't2'] });
    const done = await finished(job);
    expect(done).toMatchObject({ close_reason: 'finished', tags: ['t1', 't2'], version: '1.0' });
    expect(done.items_scraped).toBeGreaterThan(0);
    const items = (
      await (await service.call(`/api/items.jl?project=${service.team.project}&job=${job}`)).text()
    )
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(items).toHaveLength(done.items_scraped);
    expect(items[0]).toMatchObject({ title: expect.any(String), url: expect.stringContaining('/demo/') });
    const log = await (await service.call(`/api/log.txt?project=${service.team.project}&job=${job}`)).text();
    expect(log).toContain('Spider opened');
    expect(log).toContain('Spider closed (finished)');
  });

  it('is consumed once by its tag', async () => {
    await finished(await schedule('books', { ...siteSettings(), max_pages: '1', run: 'tagged' }));
    const unconsumed = await list('state=finished&lacks_tag=consumed');
    expect(unconsumed.length).toBeGreaterThan(0);
    await service.call('/api/jobs/update.json', {
      project: String(service.team.project),
      state: 'finished',
      add_tag: 'consumed',
    });
    expect(await list('state=finished&lacks_tag=consumed')).toEqual([]);
  });

  it('ends as cancelled soon after it was stopped', async () => {
    const job = await schedule('slow', siteSettings());
    await eventually(async () => expect((await list(`job=${job}`))[0]?.state).toBe('running'));
    await service.call('/api/jobs/stop.json', { project: String(service.team.project), job });
    expect((await finished(job)).close_reason).toBe('cancelled');
  });

  it('that cannot find its spider says so in its log', async () => {
    await service.db.database.raw('insert into spiders (project_id, number, name) values (?, 99, ?)', [
      service.team.project,
      'ghost',
    ]);
    const job = await schedule('ghost');
    expect((await finished(job)).close_reason).toBe('failed');
    const log = await (await service.call(`/api/log.txt?project=${service.team.project}&job=${job}`)).text();
    expect(log).toMatch(/ghost/);
  });

  it('of two in one call is deleted with the other', async () => {
    const jobs = (await list('state=finished&count=2')).map((job) => job.id);
    const answer = await service.call('/api/jobs/delete.json', {
      project: String(service.team.project),
      job: jobs,
    });
    expect(await answer.json()).toMatchObject({ status: 'ok', count: 2 });
    expect(await list(jobs.map((job) => `job=${job}`).join('&'))).toEqual([]);
  });
});

describe('twenty jobs of mixed priority', () => {
  it('run once each, by priority and then in order', async () => {
    // Nothing starts while the project is paused, so that all twenty compete.
    const project = service.team.project;
    const paused = (value: boolean) =>
      service.db.database('projects').where({ id: project }).update({ paused: value });
    await paused(true);
    const wanted: { job: string; priority: number; at: number }[] = [];
    for (let at = 0; at < 20; at++) {
      const priority = (at * 7) % 5;
      const job = await schedule('books', {
        ...siteSettings(),
        max_pages: '1',
        priority: String(priority),
        run: String(at),
      });
      wanted.push({ job, priority, at });
    }
    await paused(false);
    for (const { job } of wanted) expect((await finished(job)).close_reason).toBe('finished');
    const { rows } = await service.db.database.raw<{ rows: { key: string; attempt: number }[] }>(
      `select project_id || '/' || spider || '/' || number as key, attempt from jobs
      where project_id = ? and priority >= 0 order by running_at`,
      [project],
    );
    const started = rows.filter((row) => wanted.some(({ job }) => job === row.key));
    expect(started.map((row) => row.attempt)).toEqual(Array(20).fill(1));
    const order = wanted.sort((a, b) => b.priority - a.priority || a.at - b.at).map(({ job }) => job);
    // Two slots: neighbours may change places, no more.
    started.forEach(({ key }, place) => {
      expect(Math.abs(order.indexOf(key) - place)).toBeLessThanOrEqual(1);
    });
  });
});

describe('a worker', () => {
  it('that is killed loses nothing: its successor takes the crawl over and finishes it', async () => {
    // Longer than several beats: its items are known while it runs.
    const job = await schedule('books', {
      job_settings: JSON.stringify({ DEMO_SITE_URL: `${service.url}/demo/`, DOWNLOAD_DELAY: 0.3 }),
      max_pages: '3',
      run: 'takeover',
    });
    const worker = await service.startWorker();
    await eventually(async () => expect((await list(`job=${job}`))[0]?.items_scraped).toBeGreaterThan(0));
    const [holder] = (await service.db.database('jobs').where({ state: 'running' }).select('worker')) as [
      { worker: string },
    ];
    expect(holder.worker).toEqual(expect.any(String));
    await service.killWorkers();
    expect(worker.child.signalCode).toBe('SIGKILL');
    await service.startWorker();
    const done = await finished(job);
    expect(done.close_reason).toBe('finished');
    const { rows } = await service.db.database.raw<{ rows: { attempt: number }[] }>(
      `select attempt from jobs where project_id || '/' || spider || '/' || number = ?`,
      [job],
    );
    expect(rows[0]?.attempt).toBe(1);
    const items = (
      await (await service.call(`/api/items.jl?project=${service.team.project}&job=${job}`)).text()
    )
      .trim()
      .split('\n');
    expect(items).toHaveLength(done.items_scraped);
    const urls = items.map((line) => JSON.parse(line).url);
    expect(new Set(urls).size).toBe(urls.length);
  });
});
