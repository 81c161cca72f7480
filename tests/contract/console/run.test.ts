import { formatJobKey, parseJobKey } from '@spiderhub/core';
import { scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { Browser, withKey } from './client.ts';
import { finishJob } from './jobs.ts';

let api: ApiUnderTest;
let page: Browser;
let base: string;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());
beforeEach(async () => {
  await api.renew();
  page = new Browser(api, withKey(api.team.key));
  base = `/projects/${api.team.project}`;
});

const pathOf = (key: string) => {
  const { project, spider, job } = parseJobKey(key);
  return `/projects/${project}/jobs/${spider}/${job}`;
};
const run = (body: unknown, headers: Record<string, string> = {}) =>
  page.send('POST', `${base}/jobs`, body, headers);
const post = async (path: string, body: unknown = {}, headers: Record<string, string> = {}) =>
  page.send('POST', path, body, headers);

const WHOLE = {
  spider: 'a',
  args: [
    { name: 'lang', value: 'de' },
    { name: '__proto__', value: 'x' },
  ],
  tags: ['one', 'two', 'one'],
  priority: 4,
  units: 2,
  version: '1.0',
  settings: [
    { name: 'LOG_LEVEL', value: '"DEBUG"' },
    { name: 'BIG', value: '1152921504606846976' },
  ],
  environment: [{ name: 'A', value: '1' }],
};

describe('a run', () => {
  it('is the job that was asked for, with everything, and can be run again', async () => {
    const { status, body } = await run(WHOLE);
    expect(status).toBe(200);
    const job = (await page.get(pathOf(body.key))).body;
    expect(job).toMatchObject({
      spider: 'a',
      state: 'pending',
      args: WHOLE.args,
      tags: ['one', 'two'],
      priority: 4,
      units: 2,
      version: '1.0',
      settings: WHOLE.settings,
      environment: WHOLE.environment,
      scheduledBy: expect.stringMatching(/-user$/),
    });
    expect(api.signals.wakes).toBe(1);
    const again = (await page.get(`${pathOf(body.key)}/again`)).body;
    expect(again).toEqual({ ...WHOLE, tags: ['one', 'two'], version: null, command: null });
    const second = await run({ ...again, parallel: true });
    expect(second.status).toBe(200);
    expect(second.body.key).not.toBe(body.key);
  });

  it('is one job for one Idempotency-Key, however often it is sent', async () => {
    const key = { 'idempotency-key': 'opened-once' };
    const answers = await Promise.all([1, 2, 3].map(() => run({ spider: 'a' }, key)));
    expect(new Set(answers.map(({ body }) => body.key)).size).toBe(1);
    expect((await page.get(`${base}/jobs`)).body.jobs).toHaveLength(1);
  });

  it('beside an active one with the same arguments is a conflict, unless that is wanted', async () => {
    await run({ spider: 'a' });
    const twice = await run({ spider: 'a' });
    expect([twice.status, twice.body.error.code]).toEqual([409, 'already_scheduled']);
    expect((await run({ spider: 'a', parallel: true })).status).toBe(200);
  });

  it.each([
    [{ spider: 'nobody' }, 'spider', /nobody not found/],
    [{}, 'spider', /./],
    [{ spider: 'a', version: '9' }, 'version', /not deployed/],
    [{ spider: 'a', args: [{ name: 'a=b', value: '' }] }, 'args.a=b', /no name for a spider argument/],
    [
      {
        spider: 'a',
        args: [
          { name: 'a', value: '' },
          { name: 'a', value: '' },
        ],
      },
      'args.a',
      /more than once/,
    ],
    [{ spider: 'a', settings: [{ name: 'X', value: 'DEBUG' }] }, 'settings.X', /not JSON/],
    [{ spider: 'a', environment: [{ name: '1A', value: '' }] }, 'environment.1A', /no variable name/],
    [{ spider: 'a', environment: [{ name: 'A', value: '\0' }] }, 'environment.A', /NUL/],
    [{ spider: 'a', priority: 9 }, 'priority', /./],
    [{ spider: 'a', tags: [''] }, 'tags', /./],
    [{ spider: 'a', odd: 1 }, 'odd', /unknown parameter/],
  ])('with %j is refused at its field', async (body, field, message) => {
    const answer = await run(body);
    expect([answer.status, answer.body.error.field]).toEqual([400, field]);
    expect(answer.body.error.message).toMatch(message);
    expect((await page.get(`${base}/jobs`)).body.jobs).toEqual([]);
  });
});

describe('one job', () => {
  it('is stopped, tagged and deleted', async () => {
    const { key } = (await run({ spider: 'a' })).body;
    expect((await post(`${pathOf(key)}/tags`, { add: ['x', 'y'] })).body).toEqual({ tags: ['x', 'y'] });
    expect((await post(`${pathOf(key)}/tags`, { remove: ['x'] })).body).toEqual({ tags: ['y'] });
    expect((await post(`${pathOf(key)}/tags`)).body.error.field).toBe('add');
    expect((await post(`${pathOf(key)}/stop`)).body).toEqual({ stopped: true });
    expect((await page.get(pathOf(key))).body).toMatchObject({
      outcome: 'cancelled',
      closeReason: 'cancelled',
    });
    expect((await post(`${pathOf(key)}/stop`)).body).toEqual({ stopped: false });
    expect((await page.send('DELETE', pathOf(key))).body).toEqual({});
    expect((await page.get(`${base}/jobs`)).body.jobs).toEqual([]);
    expect((await page.get(pathOf(key))).body.state).toBe('deleted');
    expect((await page.send('DELETE', pathOf(key).replace(/\d+$/, '99'))).status).toBe(404);
  });
});

describe('several jobs', () => {
  const bulk = (what: string, body: unknown, headers?: Record<string, string>) =>
    post(`${base}/bulk/${what}`, body, headers);

  async function make(count: number, tags: string[] = []): Promise<string[]> {
    const made = Array.from({ length: count }, () =>
      api.jobs.schedule(scheduleRequest(api.team.project, 'a', { tags })),
    );
    return (await Promise.all(made)).map(formatJobKey);
  }

  it('by their keys: what was done, what there was nothing to do for, what was refused', async () => {
    const [one = '', two = '', three = ''] = await make(3);
    await finishJob(api.database.database, three, 'finished');
    const stopped = await bulk('stop', { keys: [one, two, two, three] });
    expect(stopped.body).toEqual({ done: 2, skipped: 1, refused: [], cursor: null });
    const missing = one.replace(/\d+$/, '999');
    expect((await bulk('tags', { keys: [one, missing], add: ['x'] })).body).toEqual({
      done: 1,
      skipped: 0,
      refused: [{ key: missing, why: `job ${missing} not found` }],
      cursor: null,
    });
    expect((await bulk('delete', { keys: [one, two] })).body).toMatchObject({ done: 2, skipped: 0 });
    const foreign = formatJobKey(await api.jobs.schedule(scheduleRequest(api.other.project, 'a')));
    expect((await bulk('stop', { keys: [foreign] })).status).toBe(404);
    expect((await bulk('stop', {})).body.error.field).toBe('keys');
    expect((await bulk('stop', { keys: [one], q: '' })).body.error.field).toBe('keys');
  });

  it('by a filter, call by call, and none that comes later', async () => {
    await make(450, ['old']);
    const total = { done: 0, skipped: 0 };
    let cursor: string | null = null;
    let calls = 0;
    do {
      const { body }: { body: { done: number; skipped: number; cursor: string | null } } = await bulk(
        'stop',
        {
          q: 'tag:old',
          ...(cursor && { cursor }),
        },
      );
      total.done += body.done;
      total.skipped += body.skipped;
      cursor = body.cursor;
      calls += 1;
      if (calls === 1) await make(3, ['old']);
    } while (cursor && calls < 20);
    expect(total).toEqual({ done: 450, skipped: 0 });
    expect((await page.get(`${base}/jobs?q=state:pending`)).body.matching).toEqual({
      count: 3,
      atLeast: false,
    });
  });

  it('are run again once for one Idempotency-Key, and those that cannot are named', async () => {
    const keys = await make(2);
    for (const key of keys) await finishJob(api.database.database, key, 'failed');
    const missing = keys[0]?.replace(/\d+$/, '999');
    const header = { 'idempotency-key': 'again' };
    const first = await bulk('run', { keys: [keys[0], missing] }, header);
    expect(first.body).toMatchObject({
      done: 1,
      refused: [{ key: missing, why: expect.stringMatching(/not found/) }],
    });
    const second = await bulk('run', { keys: [keys[0]] }, header);
    expect(second.body).toMatchObject({ done: 1, refused: [] });
    expect((await page.get(`${base}/jobs?q=state:pending`)).body.matching.count).toBe(1);
    const beside = await bulk('run', { keys: [keys[1]] });
    expect(beside.body).toMatchObject({ done: 0, refused: [{ key: keys[1], why: 'a already scheduled' }] });
  });
});
