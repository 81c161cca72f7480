import { createCron } from '@spiderhub/cron';
import { createPeriodicStore } from '@spiderhub/db';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';

let api: ApiUnderTest;
let place: string;
let me: Browser;

beforeAll(async () => {
  api = await startApi();
});
beforeEach(async () => {
  await api.renew();
  place = `/projects/${api.team.project}/schedules`;
  me = new Browser(api, withKey(api.team.key));
});
afterAll(() => api.close());

const NIGHTLY = {
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  tags: ['nightly'],
  tasks: [{ spider: 'a', args: { pages: '2' }, settings: { DOWNLOAD_DELAY: 0.5 }, environment: { A: '1' } }],
};

async function made(body: object = NIGHTLY) {
  const answer = await me.send('POST', place, body);
  expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ id: expect.any(Number) })]);
  return answer.body;
}

/** What the leader does, once. */
async function fire(): Promise<void> {
  const cron = createCron();
  await createPeriodicStore(api.database.database, cron.zoneRules).fireDue(10, (job, _active, now) => ({
    runs: [
      {
        plannedAt: job.nextAt,
        missed: null,
        requests: [],
        stops: [],
        overlaps: [`at ${now.toISOString().slice(0, 4)}`],
      },
    ],
    nextAt: null,
  }));
}

it('makes a periodic job, shows it, changes it, pauses it and removes it', async () => {
  const schedule = await made();
  expect(schedule).toMatchObject({
    ...NIGHTLY,
    tasks: [{ ...NIGHTLY.tasks[0], command: null, priority: 2, units: 1 }],
    overlap: 'skip',
    catchup: 'one',
    disabled: false,
    revision: 1,
    lastRun: null,
  });
  expect(schedule.nextRuns).toHaveLength(5);
  const one = `${place}/${schedule.id}`;
  expect((await me.get(one)).body).toEqual(schedule);
  expect((await me.get(place)).body).toEqual({ schedules: [schedule] });

  const paused = await me.send('PATCH', one, { disabled: true, revision: 1 });
  expect(paused.body).toMatchObject({ ...NIGHTLY, disabled: true, revision: 2, nextRuns: [] });
  const late = await me.send('PATCH', one, { disabled: false, revision: 1 });
  expect([late.status, late.body.error.code]).toEqual([409, 'periodic_job_changed']);
  expect((await me.send('POST', `${one}/run`, {})).status).toBe(409);
  const changed = await me.send('PATCH', one, {
    disabled: false,
    overlap: 'queue',
    startAt: '2031-01-01T00:00:00+01:00',
    endAt: null,
  });
  expect(changed.body).toMatchObject({ overlap: 'queue', startAt: '2030-12-31T23:00:00.000Z', endAt: null });

  expect(await me.send('DELETE', one)).toMatchObject({ status: 200, body: {} });
  expect((await me.get(one)).status).toBe(404);
  expect((await me.send('DELETE', one)).status).toBe(404);
});

it('previews by the very function that fires: over the clock change of October 2036 an hour that comes twice runs once', async () => {
  const ask = (cron: string) =>
    me.send('POST', `${place}/preview`, {
      cron,
      timezone: 'Europe/Berlin',
      startAt: '2036-10-25T00:00:00Z',
      count: 3,
    });
  expect((await ask('30 2 * * *')).body.runs).toEqual([
    '2036-10-25T00:30:00.000Z',
    '2036-10-26T00:30:00.000Z',
    '2036-10-27T01:30:00.000Z',
  ]);
  const { runs } = (await ask('30 2 * * *')).body;
  const schedule = await made({ ...NIGHTLY, startAt: '2036-10-25T00:00:00Z' });
  expect(schedule.nextRuns.slice(0, 3)).toEqual(runs);
  expect((await ask('61 2 * * *')).body.error.field).toBe('cron');
});

it('runs now, and tells of each planned time what came of it', async () => {
  const schedule = await made();
  const one = `${place}/${schedule.id}`;
  expect((await me.get(`${one}/runs`)).body).toEqual({ runs: [] });
  expect((await me.send('POST', `${one}/run`, {})).status).toBe(200);
  await fire();
  const { runs } = (await me.get(`${one}/runs`)).body;
  expect(runs).toMatchObject([{ outcome: 'overlap', reason: expect.stringMatching(/^at \d{4}$/), jobs: [] }]);
  expect((await me.get(one)).body.lastRun).toEqual(runs[0]);
  expect((await me.get(`${one}/runs?before=${runs[0].plannedAt}`)).body).toEqual({ runs: [] });
});

it('refuses by its field what could never run', async () => {
  for (const [change, field] of [
    [{ cron: '* * * *' }, 'cron'],
    [{ cron: '0 0 31 2 *' }, 'cron'],
    [{ timezone: 'Nowhere/City' }, 'timezone'],
    [{ tasks: [] }, 'tasks'],
    [{ tasks: [{ spider: 'nobody' }] }, 'tasks'],
    [{ tasks: [{ spider: 'a', environment: { 'no name': 'x' } }] }, 'environment'],
    [{ overlap: 'sometimes' }, 'overlap'],
    [{ jitterSeconds: 3601 }, 'jitterSeconds'],
    [{ startAt: '2031-01-02T00:00:00Z', endAt: '2031-01-01T00:00:00Z' }, 'endAt'],
    [{ colour: 'red' }, 'colour'],
  ] as const) {
    const answer = await me.send('POST', place, { ...NIGHTLY, ...change });
    expect([answer.status, answer.body.error?.field]).toEqual([400, field]);
  }
  expect((await me.get(place)).body).toEqual({ schedules: [] });
});
