import { randomBytes } from 'node:crypto';
import { type Service, startService } from '../../support/service.ts';
import { makeTeam, type Team } from '../../support/team.ts';

let service: Service;
let team: Team;
let other: Team;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['site'] });
  team = service.team;
  other = await makeTeam(service.db.database, 'other', ['site']);
});
afterAll(() => service?.stop());

function call(path: string, init: RequestInit = {}): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${team.key}:`).toString('base64')}`;
  return fetch(`${service.url}${path}`, { ...init, headers: { authorization } });
}

const post = (path: string, body: string) => call(path, { method: 'POST', body });
const text = async (path: string) => (await call(path)).text();

let serial = 0;
async function push(state = 'running'): Promise<{ key: string }> {
  serial += 1;
  const body = JSON.stringify({ spider: 'site', state, unique: String(serial) });
  return (await (await post(`/jobq/${team.project}/push`, body)).json()) as { key: string };
}

describe('a list of jobs', () => {
  it('has a last page', async () => {
    await push('finished');
    const path = `/spiders/${team.project}/lastjobsummary`;
    const spider = await text(`/ids/${team.project}/spider/site`).then(Number);
    const before = String(spider - 1);
    for (const after of ['', before, `${team.project}/${before}`, `${team.project}/${before}/5`]) {
      expect(await text(`${path}?startafter=${after}`)).toContain('"state":"finished"');
    }
    const behind = [spider, '999999999', '99999999999999', '9'.repeat(400)].flatMap((number) => [
      String(number),
      `${team.project}/${number}/1`,
    ]);
    for (const after of behind) expect(await text(`${path}?startafter=${after}`)).toBe('');
  });

  it.each(['x', '-1', '1/2/3/4', '1/', 'P1/1', '9999999999/1'])('is refused behind %s', async (after) => {
    const path = `/spiders/${team.project}/lastjobsummary?startafter=${after.replace('P', String(team.project))}`;
    expect((await call(path)).status).toBe(400);
  });

  it('stops at a job of its project only', async () => {
    const { key } = await push('finished');
    expect(await text(`/jobq/${team.project}/list?stop=${key}`)).toBe('');
    const answer = await call(`/jobq/${team.project}/list?stop=${other.project}/1/1`);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { message: 'stop: is a key of another project' },
    ]);
  });
});

describe('what is stored', () => {
  it('has keys as long as an index can hold, and no longer ones', async () => {
    // What does not compress.
    const key = (bytes: number) => randomBytes(bytes).toString('hex').slice(0, bytes);
    const [name, fits, long] = [key(1000), key(2000), key(2001)];
    const [slots, records] = [`/hcf/${team.project}/${name}/s`, `/collections/${team.project}/s/longkeys`];
    const refused = async (path: string, body: string, why: string) => {
      const answer = await post(path, body);
      expect([answer.status, await answer.text()]).toEqual([400, `${why}\n`]);
    };
    expect(await (await post(`${slots}/${name}`, `{"fp":"${fits}"}`)).json()).toEqual({ newcount: 1 });
    expect(await text(`/hcf/${team.project}/${name}/list`)).toBe(`["${name}"]\n`);
    expect((await post(records, `{"_key":"${fits}","value":1}`)).status).toBe(200);
    expect(await text(`${records}/${fits}`)).toBe('{"value":1}\n');

    await refused(
      `${slots}/${name}`,
      `{"fp":"new"}\n{"fp":"${'ż'.repeat(1001)}"}`,
      'fp: is longer than 2000 bytes',
    );
    expect(await text(`${slots}/${name}/f`)).toBe(`{"fp":"${fits}"}\n`);
    await refused(`${slots}/${key(1001)}`, '{"fp":"x"}', 'slot: is longer than 1000 bytes');
    await refused(
      `/hcf/${team.project}/${key(1001)}/s/x`,
      '{"fp":"x"}',
      'frontier: is longer than 1000 bytes',
    );
    await refused(
      records,
      `{"_key":"new"}\n{"_key":"${long}"}`,
      'Error parsing data, _key: is longer than 2000 bytes',
    );
    expect(await text(`${records}/count`)).toBe('{"count":1,"scanned":1}');
    expect((await call(`${records}/${long}`)).status).toBe(404);
    const spider = (name: string) => call(`/ids/${team.project}/spider/${name}?create=1`);
    expect([(await spider(name)).status, (await spider(key(1001))).status]).toEqual([200, 400]);
  });

  it('has metadata with names as long as an index can hold', async () => {
    const { key } = await push();
    const name = (bytes: number) => randomBytes(bytes).toString('hex').slice(0, bytes);
    const [fits, long] = [name(2000), name(2001)];
    expect((await post(`/jobs/${key}`, `{"${fits}":1}`)).status).toBe(200);
    expect((await post(`/jobs/${key}/${fits}`, '2')).status).toBe(200);
    expect(await text(`/jobs/${key}/${fits}`)).toBe('2\n');
    for (const [path, body] of [
      [`/jobs/${key}`, `{"a":1,"${long}":1}`],
      [`/jobs/${key}/${long}`, '1'],
    ] as const) {
      const answer = await post(path, body);
      expect([answer.status, await answer.json()]).toMatchObject([
        400,
        { message: `${long.slice(0, 100)}: the name is longer than 2000 bytes` },
      ]);
    }
    expect(await text(`/jobs/${key}/a`)).toBe('null\n');
  });

  it('is not larger than what a project or a job needs', async () => {
    const { key } = await push();
    const value = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
    const settings = `/projects/${team.project}/settings`;
    const tooLarge = async (path: string, body: string) => {
      const answer = await post(path, body);
      expect([answer.status, await answer.json()]).toMatchObject([
        413,
        { error: 'Request Entity Too Large' },
      ]);
    };
    const half = value(512 * 1024);
    expect((await post(settings, `{"a":${half}}`)).status).toBe(200);
    expect((await post(settings, `{"a":${half}}`)).status).toBe(200);
    await tooLarge(settings, `{"b":${half}}`);
    await tooLarge(settings, `{"b":${value(1024 * 1024)}}`);
    expect(await text(`${settings}/b`)).toBe('null\n');
    expect((await call(`${settings}/a`, { method: 'DELETE' })).status).toBe(200);
    expect((await post(settings, `{"b":1}`)).status).toBe(200);

    expect((await post(`/jobs/${key}`, `{"scrapystats":{"a":${value(900 * 1024)}}}`)).status).toBe(200);
    expect((await post(`/jobs/${key}/note`, value(1024 * 1024))).status).toBe(200);
    await tooLarge(`/jobs/${key}/note`, value(1024 * 1024 + 1));
    await tooLarge(`/jobs/${key}`, `{"note":${value(1024 * 1024)}}`);
    await tooLarge(`/jobs/${key}/note`, value(15 * 1024 * 1024));
  });
});
