import { formatJobKey, type ScheduleRequest } from '@spiderhub/core';
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

async function make(spider: string, more: Partial<ScheduleRequest> = {}): Promise<string> {
  return formatJobKey(await api.jobs.schedule(scheduleRequest(api.team.project, spider, more)));
}
const end = (key: string, reason: string, counts = {}) =>
  finishJob(api.database.database, key, reason, counts);
const list = async (query: Record<string, string> = {}) =>
  (await page.get(`${base}/jobs?${new URLSearchParams(query).toString()}`)).body;
const keysOf = async (q: string) => (await list({ q })).jobs.map((job: { key: string }) => job.key);

describe('the list of jobs', () => {
  it('shows what a row needs, the newest change first, with numbers of the whole project', async () => {
    const failed = await make('a', { tags: ['daily'], args: { lang: 'de' } });
    await end(failed, 'memusage_exceeded', { items: 3, errors: 2 });
    const waiting = await make('b', { priority: 4 });
    const { jobs, ...page } = await list();
    expect(jobs.map(({ key }: { key: string }) => key)).toEqual([waiting, failed]);
    expect(jobs[1]).toMatchObject({
      spider: 'a',
      state: 'finished',
      outcome: 'failed',
      closeReason: 'memusage_exceeded',
      tags: ['daily'],
      args: [{ name: 'lang', value: 'de' }],
      items: 3,
      errors: 2,
      waiting: null,
      usualItems: null,
    });
    expect(jobs[0].waiting).toEqual({ reason: 'no worker', words: 'no worker is there', until: null });
    expect(page).toEqual({
      cursor: null,
      searchedTo: null,
      matching: { count: 2, atLeast: false },
      counts: { pending: 1, running: 0, finished: 1, failed: { count: 1, atLeast: false } },
    });
  });

  it('goes on by its cursor: each job once, whatever comes meanwhile', async () => {
    const keys: string[] = [];
    for (let i = 0; i < 7; i += 1) keys.push(await make('a'));
    const seen: string[] = [];
    let cursor: string | null = null;
    let pages = 0;
    do {
      const answer: { jobs: { key: string }[]; cursor: string | null; matching: unknown } = await list({
        limit: '3',
        ...(cursor && { cursor }),
      });
      seen.push(...answer.jobs.map(({ key }) => key));
      expect(answer.matching === null).toBe(cursor !== null);
      cursor = answer.cursor;
      pages += 1;
      await make('b');
    } while (cursor && pages < 10);
    expect(seen).toEqual(keys.toReversed());
    const oldest = await list({ order: 'oldest', limit: '2' });
    expect(oldest.jobs.map(({ key }: { key: string }) => key)).toEqual(keys.slice(0, 2));
    const next = await list({ order: 'oldest', limit: '2', cursor: oldest.cursor });
    expect(next.jobs.map(({ key }: { key: string }) => key)).toEqual(keys.slice(2, 4));
  });

  it('finds jobs by each field of the filter', async () => {
    const books = await make('a', {
      tags: ['daily', 'de'],
      args: { lang: 'de', q: 'say "hi"' },
      version: '1.0',
    });
    const other = await make('b', {
      tags: ['weekly'],
      settings: { LOG_LEVEL: '"DEBUG"', N: '1' },
      priority: 4,
    });
    const done = await make('a', { tags: ['consumed'], settings: { N: '10' }, scheduledBy: 'jd' });
    await end(done, 'finished', { items: 500, pages: 7 });
    const bad = await make('b', {});
    await end(bad, 'failed', { items: 2, errors: 9 });
    const [, spider = '', job = ''] = books.split('/');
    for (const [q, expected] of [
      ['', [bad, done, other, books]],
      ['spider:a', [done, books]],
      ['spider:b -state:pending', [bad]],
      ['state:failed', [bad]],
      ['state:failed state:pending', [bad, other, books]],
      ['state:ok', [done]],
      ['state:finished', [bad, done]],
      ['-state:failed', [done, other, books]],
      ['reason:fail*', [bad]],
      ['tag:daily tag:de', [books]],
      ['tag:daily tag:weekly', []],
      ['-tag:consumed state:finished', [bad]],
      ['args.lang:de', [books]],
      ['args.q:"say \\"hi\\""', [books]],
      ['settings.LOG_LEVEL:DEBUG', [other]],
      ['settings.N:1', [other]],
      ['-settings.N:1', [bad, done, books]],
      ['errors:>0', [bad]],
      ['items:<100 state:finished', [bad]],
      ['items:>=500', [done]],
      ['priority:4', [other]],
      ['version:1.*', [books]],
      ['by:jd', [done]],
      ['daily', [books]],
      ['weekly', [other]],
      [`${spider}/${job}`, [books]],
      [`key:${books}`, [books]],
      ['until:1d', []],
      ['since:1d', [bad, done, other, books]],
      ['nothing-like-this', []],
      ['a', [done, books]],
      ['a de', [books]],
      ['spider:unknown', []],
      ['spider:%', []],
    ] as const) {
      expect([q, await keysOf(q)]).toEqual([q, expected]);
      expect([q, (await list({ q })).matching]).toEqual([q, { count: expected.length, atLeast: false }]);
    }
  });

  it('says what is wrong with a filter, at its field', async () => {
    const { status, body } = await page.get(`${base}/jobs?q=spidr%3Ax`);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({
      field: 'q',
      message: expect.stringContaining('did you mean spider?'),
    });
    const cursor = await page.get(`${base}/jobs?cursor=1;drop`);
    expect(cursor.body.error).toMatchObject({ code: 'invalid_parameter', field: 'cursor' });
  });

  it('knows what is usual, and shows nothing of another project', async () => {
    for (const items of [90, 100, 110]) await end(await make('a'), 'finished', { items });
    const last = await make('a');
    await end(last, 'failed', { items: 5 });
    const foreign = await api.jobs.schedule(scheduleRequest(api.other.project, 'a'));
    const { jobs } = await list();
    expect(jobs).toHaveLength(4);
    expect(jobs[0]).toMatchObject({ key: last, usualItems: { median: 100, low: 60, high: 140, runs: 3 } });
    expect(await keysOf(`key:${formatJobKey(foreign)}`)).not.toContain(formatJobKey(foreign));
    expect((await page.get(`/projects/${api.other.project}/jobs`)).status).toBe(404);
  });
});

describe('a job', () => {
  it('shows all that is known, and its neighbours', async () => {
    const before = await make('a');
    await end(before, 'finished', { items: 7 });
    const key = await make('a', {
      args: { __proto__x: '1' },
      settings: { BIG: '1152921504606846976' },
      environment: { A: 'b' },
      meta: { note: '"x"' },
    });
    const after = await make('a');
    const [project, spider, job] = key.split('/');
    const { status, body } = await page.get(`/projects/${project}/jobs/${spider}/${job}`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      key,
      args: [{ name: '__proto__x', value: '1' }],
      settings: [{ name: 'BIG', value: '1152921504606846976' }],
      environment: [{ name: 'A', value: 'b' }],
      meta: [{ name: 'note', value: '"x"' }],
      attempts: [],
      place: 1,
      usual: { items: null, pages: null, errors: null, seconds: null },
      lastGood: before,
      previous: before,
      next: after,
    });
    expect((await page.get(`/projects/${project}/jobs/${spider}/999`)).body.error.code).toBe('job_not_found');
  });
});
