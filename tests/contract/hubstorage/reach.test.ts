import { wireStage } from './wire-stage.ts';

const stage = wireStage();
const { call, post, push, text } = stage;

// The first job is nobody's whose token is tried.
beforeAll(() => push());

describe('another project', () => {
  const METHODS: [string, string, string | null][] = [
    ['GET', '/items/P/1/1', null],
    ['GET', '/items/P', null],
    ['GET', '/items/P/1', null],
    ['POST', '/items/P/1/1', '{}'],
    ['GET', '/items/P/1/1/stats', null],
    ['POST', '/jobs/P/1/1', '{"a":1}'],
    ['POST', '/jobs/P/1/1/field', '1'],
    ['DELETE', '/jobs/P/1/1', null],
    ['DELETE', '/jobs/P/1/1/field', null],
    ['GET', '/jobq/P/list', null],
    ['GET', '/jobq/P/count', null],
    ['GET', '/jobq/P/summary', null],
    ['GET', '/jobq/P/1/summary/pending', null],
    ['GET', '/jobq/P/jobsummary?key=P/1/1', null],
    ['POST', '/jobq/P/push', '{"spider":"site"}'],
    ['POST', '/jobq/P/startjob', '{}'],
    ['POST', '/jobq/P/update', '{"key":"P/1/1","state":"finished"}'],
    ['POST', '/jobq/P/cancel', '[{"key":"P/1/1"}]'],
    ['POST', '/jobq/P/1/1/cancel', ''],
    ['GET', '/activity/P', null],
    ['POST', '/activity/P', '{}'],
    ['GET', '/activity/projects?p=P', null],
    ['GET', '/projects/P/jobsummary', null],
    ['GET', '/projects/P/settings', null],
    ['POST', '/projects/P/settings', '{"a":1}'],
    ['GET', '/projects/P/settings/a', null],
    ['DELETE', '/projects/P/settings/a', null],
    ['GET', '/ids/P/spider/x?create=1', null],
    ['GET', '/spiders/P/lastjobsummary', null],
    ['GET', '/collections/P/list', null],
    ['POST', '/collections/P/delete?name=x', ''],
    ['POST', '/collections/P/rename?name=x&new_name=y', ''],
    ['GET', '/collections/P/s/x', null],
    ['POST', '/collections/P/s/x', '{"_key":"a"}'],
    ['GET', '/collections/P/s/x/count', null],
    ['GET', '/collections/P/s/x/key', null],
    ['DELETE', '/collections/P/s/x/key', null],
    ['DELETE', '/collections/P/s/x', null],
    ['POST', '/collections/P/s/x/deleted', '"a"'],
    ['GET', '/hcf/P/list', null],
    ['GET', '/hcf/P/f/list', null],
    ['POST', '/hcf/P/f/s/x', '{"fp":"a"}'],
    ['GET', '/hcf/P/f/s/x/q', null],
    ['GET', '/hcf/P/f/s/x/q/count', null],
    ['POST', '/hcf/P/f/s/x/q/deleted', '"a"'],
    ['GET', '/hcf/P/f/s/x/f', null],
    ['DELETE', '/hcf/P/f/s/x', null],
  ];

  it('has jobs that look like ones that never were', async () => {
    for (const project of [stage.other.project, 999_999_999]) {
      expect((await post(`/jobs/${project}/1/1`, '{"a":1}')).status).toBe(404);
      for (const [field, nothing] of [
        ['', '{}\n'],
        ['/state', 'null\n'],
      ]) {
        const answer = await call(`/jobs/${project}/1/1${field}`);
        expect([answer.status, await answer.text()]).toEqual([200, nothing]);
      }
    }
    expect(await text(`/jobs/${stage.team.project}/1/99999`)).toBe('{}\n');
  });

  it.each(METHODS)('is out of reach: %s %s', async (method, path, body) => {
    const there = path.replaceAll('P', String(stage.other.project));
    const answer = await call(there, { method, ...(body !== null && { body }) });
    expect(answer.status).toBe(404);
    const nowhere = path.replaceAll('P', '999999999');
    expect((await call(nowhere, { method, ...(body !== null && { body }) })).status).toBe(404);
  });

  it.each<[string, string, string | null]>([
    ...METHODS,
    ['GET', '/jobs/P/1/1', null],
    ['GET', '/jobs/P/1/1/state', null],
  ])('and of ours a token reads lists and metadata, and nothing else: %s %s', async (method, path, body) => {
    const { key, auth } = await push();
    const forbidden = path.replaceAll('P', String(stage.team.project));
    const isShared = /^\/(collections|hcf)\//.test(path);
    const answer = await call(forbidden, {
      method,
      user: [key, auth],
      ...(body !== undefined && { body }),
    });
    const isRead = method === 'GET' && /^\/(jobq|jobs|spiders|projects)\//.test(path);
    if (isShared) expect([200, 202, 404]).toContain(answer.status);
    else if (isRead) expect(answer.status).toBe(200);
    else expect(answer.status).toBe(403);
  });

  it('is out of reach of a token that names another job', async () => {
    const [mine, yours] = [await push(), await push()];
    expect((await call(`/items/${mine.key}`, { user: [mine.key, yours.auth] })).status).toBe(401);
    expect((await call(`/items/${mine.key}`, { user: [mine.key, mine.auth] })).status).toBe(200);
    expect((await call('/scrapyd/listprojects.json', { user: [mine.key, mine.auth] })).status).toBe(401);
  });
});
