import type { StreamName } from '@spiderhub/core';
import { saveVersion } from '@spiderhub/testkit';
import { type Service, startService } from '../support/service.ts';
import { Chromium, describeInBrowser, unexpected } from './support/browser.ts';
import { enter } from './support/seed.ts';

const SPIDERS = 300;
const RUNS_BEFORE = 9;
const BEHIND_PROXY = 41;
const name = (number: number) => `shop-${String(number).padStart(3, '0')}`;
const LOST = 100;
const EMPTY = 200;
const NOT_STARTED = 250;

/** Runs of nine days in which all went well, and then those of the last night. */
const PAST = `
  insert into jobs (project_id, spider, number, state, attempt, priority, version, close_reason, items, pages, logs,
    pending_at, running_at, finished_at, state_since)
  select :project, s, r, 'finished', 1, 2, '1.0', 'finished', 1000 + s, 1200, 50,
    at - interval '20 min', at - interval '19 min', at, at
  from generate_series(1, :spiders::int) s, generate_series(1, :runs::int) r,
    lateral (select now() - interval '2 h' - (:runs::int + 1 - r) * interval '1 day' as at) t`;
const NIGHT = `
  insert into jobs (project_id, spider, number, state, attempt, priority, version, close_reason, items, pages, logs, errors,
    pending_at, running_at, finished_at, state_since)
  select :project, s, :runs::int + 1, 'finished', 1, 2, '1.0',
    case when s <= :proxy::int then 'failed' else 'finished' end,
    case when s <= :proxy::int or s = :empty::int then 0 else 1000 + s end,
    case when s <= :proxy::int then 0 else 1200 end, 50, case when s <= :proxy::int then 3 else 0 end,
    at - interval '20 min', at - interval '19 min', at, at
  from generate_series(1, :spiders::int) s,
    lateral (select now() - interval '2 h' + s * interval '10 s' as at) t`;

describeInBrowser('the morning of an operator', () => {
  const chromium = new Chromium();
  let service: Service;

  beforeAll(async () => {
    [service] = await Promise.all([startService({ workers: 0 }), chromium.start()]);
    await plant();
  });
  afterAll(async () => {
    await chromium.stop();
    await service?.stop();
  });
  afterEach(() => chromium.closeAll(expect.getState().currentTestName ?? 'test'));

  async function plant(): Promise<void> {
    const { database } = service.db;
    const { project } = service.team;
    const names = Array.from({ length: SPIDERS }, (_, i) => name(i + 1));
    await saveVersion(database, project, '1.0', names);
    await database('spiders').where({ project_id: project }).delete();
    await database('spiders').insert(
      names.map((each, i) => ({ project_id: project, number: i + 1, name: each, next_job: RUNS_BEFORE + 2 })),
    );
    const bindings = { project, spiders: SPIDERS, runs: RUNS_BEFORE, proxy: BEHIND_PROXY, empty: EMPTY };
    await database.raw(PAST, bindings);
    await database.raw(NIGHT, bindings);
    const { streams } = service.storage;
    const write = (spider: number, job: number, stream: StreamName, record: object) =>
      streams.write({ key: { project, spider, job }, attempt: 1, stream }, [
        Buffer.from(JSON.stringify(record)),
      ]);
    for (let spider = 1; spider <= BEHIND_PROXY; spider += 1) {
      const message = `Could not connect to proxy 10.0.0.9:${8000 + spider} for <GET https://${name(spider)}.example/>`;
      await write(spider, RUNS_BEFORE + 1, 'logs', { time: 1, level: 40, message });
    }
    const whole = { name: 'Chair', price: 12 };
    for (let job = 1; job <= RUNS_BEFORE; job += 1) await write(LOST, job, 'items', whole);
    await write(LOST, RUNS_BEFORE + 1, 'items', { name: 'Chair' });
    await plan(name(NOT_STARTED));
  }

  /** A periodic job that should have run in the night and was refused. */
  async function plan(spider: string): Promise<void> {
    const { database } = service.db;
    const { project, key } = service.team;
    const answer = await fetch(`${service.url}/console/projects/${project}/schedules`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa(`${key}:`)}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ cron: '0 4 * * *', timezone: 'UTC', tasks: [{ spider }] }),
    });
    expect([answer.status, await answer.clone().text()]).toEqual([200, expect.anything()]);
    const { id } = await database('periodic_jobs').where({ project_id: project }).first('id');
    await database('periodic_runs').insert({
      periodic_id: id,
      planned_at: new Date(),
      outcome: 'refused',
      reason: 'the organisation has as many jobs as it may',
      jobs: [],
    });
  }

  it('finds each of four causes behind 3,000 runs in a line of its own, without a click', async () => {
    const jobs = await service.db.database('jobs').where({ project_id: service.team.project }).select('id');
    expect(jobs).toHaveLength(3000);
    const window = await chromium.open();
    const { page } = window;
    await enter(page, service);
    await page.goto(`${service.url}/p/${service.team.project}`);
    const concerns = page.getByRole('region', { name: 'Needs a look' });
    await concerns.getByText('4 causes').waitFor();
    const lines = await concerns.locator('.concern > .row').allTextContents();
    expect(lines).toEqual([
      `failed${BEHIND_PROXY} spiders ended with failed: Could not connect to proxy # for <GET #url>${BEHIND_PROXY} spiders`,
      `no items${name(EMPTY)} gave no items1 spider`,
      `lost field${name(LOST)} lost the field price1 spider`,
      `not started${name(NOT_STARTED)} did not start: the organisation has as many jobs as it may1 spider`,
    ]);
    for (const line of await concerns.locator('.concern > .row').all()) {
      const box = await line.boundingBox();
      expect(box?.height).toBeLessThanOrEqual(32);
    }

    // From the cause to a run that it stopped, and back to the 300 rows.
    await concerns.getByRole('button', { name: /Could not connect to proxy/ }).click();
    await concerns.getByText('and 29 more').waitFor();
    await concerns.getByRole('link', { name: name(1), exact: true }).click();
    await page.getByRole('heading', { name: `${name(1)} 1/${RUNS_BEFORE + 1}` }).waitFor();
    await page.getByText('proxy 10.0.0.9:8001').first().waitFor();
    await page.goBack();
    await concerns.getByText('4 causes').waitFor();
    expect(await page.locator('tbody tr').count()).toBeLessThanOrEqual(100);
    expect(unexpected(window)).toEqual([]);
  });
});
