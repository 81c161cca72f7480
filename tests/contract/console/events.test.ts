import { hashApiKey, service } from '@spiderhub/core';
import { createAdminStore } from '@spiderhub/db';
import { eventsTold, eventually, scheduleRequest } from '@spiderhub/testkit';
import { type ApiUnderTest, startApi } from '../../integration/api/support.ts';
import { type Listening, listen } from '../../support/sse.ts';
import { Browser, withKey } from './client.ts';
import { makeUser, PASSWORD } from './people.ts';

let api: ApiUnderTest;
let base: string;
const open: Listening[] = [];

beforeAll(async () => {
  api = await startApi();
  const address = api.server.address();
  if (address === null || typeof address === 'string') throw new Error('the API does not listen');
  base = `http://127.0.0.1:${address.port}/console`;
});
beforeEach(() => api.renew());
afterEach(() => {
  for (const stream of open.splice(0)) stream.close();
});
afterAll(() => api.close());

const ours = () => new Browser(api, withKey(api.team.key));
const theirs = () => new Browser(api, withKey(api.other.key));

async function run(project: number, spider = 'a'): Promise<string> {
  const { spider: number, job } = await api.jobs.schedule(scheduleRequest(project, spider));
  return `${project}/${number}/${job}`;
}

async function stream(path: string, headers: Record<string, string> = withKey(api.team.key)) {
  const listening = await listen(`${base}${path}`, headers);
  open.push(listening);
  return listening;
}

/** What the feed answers when everything that was written before is told. */
async function feed(query: string) {
  await eventsTold(api.database.database);
  return ours().get(`/events?${query}`);
}

const now = async () => (await feed('after=now')).body.cursor as string;

describe('the feed of events', () => {
  it('tells what happened since a cursor, in pages, with a cursor for what comes next', async () => {
    const cursor = await now();
    const keys = [await run(api.team.project), await run(api.team.project, 'b')];
    await api.jobs.stop({ project: api.team.project, waiting: true }, { level: 1, by: service('me') });
    const first = (await feed(`after=${cursor}&limit=2`)).body;
    expect(first.events).toMatchObject([
      { type: 'job.scheduled', job: keys[0], project: api.team.project, actor: 'test', data: null },
      { type: 'job.scheduled', job: keys[1] },
    ]);
    expect(first).toMatchObject({ more: true, cursor: first.events[1].id });
    const rest = (await feed(`after=${first.cursor}`)).body;
    expect(rest.events.map(({ type }: { type: string }) => type).sort()).toEqual([
      'job.cancelled',
      'job.cancelled',
      'job.finished',
      'job.finished',
    ]);
    expect(rest.events.find(({ type }: { type: string }) => type === 'job.finished').data).toMatchObject({
      close_reason: 'cancelled',
      items: 0,
    });
    expect((await feed(`after=${rest.cursor}`)).body).toMatchObject({
      events: [],
      more: false,
    });
    const only = (await feed(`after=${cursor}&type=job.finished,job.started&project=${api.team.project}`))
      .body;
    expect(only.events).toHaveLength(2);
  });

  it('shows nothing of projects that the caller may not see, and does not say that they are there', async () => {
    const cursor = await now();
    await run(api.other.project);
    const key = await run(api.team.project);
    expect((await feed(`after=${cursor}`)).body.events).toMatchObject([{ job: key }]);
    const foreign = await ours().get(`/events?project=${api.other.project}`);
    const missing = await ours().get('/events?project=999999999');
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.body.error.message.replace(api.other.project, '#')).toBe(
      missing.body.error.message.replace('999999999', '#'),
    );
  });

  it('waits for something to happen to the caller, and not for what happens to others', async () => {
    const cursor = await now();
    let isAnswered = false;
    const waiting = ours()
      .get(`/events?after=${cursor}&wait=60`)
      .finally(() => {
        isAnswered = true;
      });
    const other = theirs().get(`/events?after=${cursor}&wait=60`);
    await run(api.other.project);
    expect((await other).body.events).toHaveLength(1);
    expect(isAnswered).toBe(false);
    const key = await run(api.team.project);
    expect((await waiting).body.events).toMatchObject([{ job: key }]);
    const empty = await feed(`after=${await now()}&wait=1`);
    expect(empty.body).toMatchObject({ events: [], more: false });
  });

  it('gives a reader of a quiet project a cursor behind everything that others do', async () => {
    const cursor = await now();
    const rows = Array.from({ length: 2500 }, () => ({
      project_id: api.other.project,
      type: 'project.reported',
    }));
    await api.database.database.batchInsert('events', rows, 500);
    const first = (await feed(`after=${cursor}`)).body;
    expect(first).toMatchObject({ events: [], more: true });
    expect(first.cursor).not.toBe(cursor);
    expect((await feed(`after=${first.cursor}`)).body).toMatchObject({
      events: [],
      more: false,
    });
  });

  it('answers 410 with the oldest cursor to one of another log, and to one of what is not kept', async () => {
    const cursor = await now();
    const foreign = `${cursor.startsWith('0') ? 'f' : '0'}${cursor.slice(1)}`;
    const answer = await feed(`after=${foreign}`);
    expect(answer).toMatchObject({ status: 410, body: { error: { code: 'other_log' } } });
    expect((await feed(`after=${answer.body.error.cursor}`)).status).toBe(200);
    await run(api.team.project);
    const [, xid] = cursor.split('-');
    await api.database.database.raw('update event_floor set xid = (?::numeric + 1)::text::xid8, id = 1', [
      xid as string,
    ]);
    expect(await feed(`after=${cursor}`)).toMatchObject({
      status: 410,
      body: { error: { code: 'events_gone' } },
    });
    expect((await ours().get('/events')).status).toBe(200);
    await api.database.database.raw("update event_floor set xid = '0', id = 0");
  });

  it('refuses what is no cursor, no type and no number, by name', async () => {
    for (const [query, field] of [
      ['after=x', 'after'],
      ['type=job.exploded', 'type'],
      ['limit=0', 'limit'],
      ['wait=3600', 'wait'],
      ['project=x', 'project'],
      ['colour=red', 'colour'],
    ]) {
      expect(await ours().get(`/events?${query}`)).toMatchObject({ status: 400, body: { error: { field } } });
    }
  });
});

describe('the stream of a project', () => {
  it('tells events as they happen and goes on exactly where a reader was interrupted', async () => {
    const path = `/projects/${api.team.project}/stream`;
    const first = await stream(path);
    expect(first.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    expect(first.headers['content-length']).toBeUndefined();
    const keys = [await run(api.team.project)];
    await run(api.other.project);
    await eventually(() =>
      expect(first.events).toMatchObject([{ event: 'message', data: { job: keys[0] } }]),
    );
    expect(first.text()).toMatch(/^retry: \d+\n/);
    first.close();
    keys.push(await run(api.team.project, 'b'), await run(api.team.project));
    const seen = first.events[0]?.id as string;
    const again = await stream(path, { ...withKey(api.team.key), 'last-event-id': seen });
    keys.push(await run(api.team.project));
    await eventually(() => expect(again.events.map(({ data }) => data.job)).toEqual(keys.slice(1)));
    expect(again.events.map(({ id, data }) => id === data.id)).not.toContain(false);
  });

  it('is cut when its key is revoked, its session ended or its right taken, and nobody else is', async () => {
    const { database } = api.database;
    const admin = createAdminStore(database);
    const owner = `acme-stream-${api.team.project}`;
    const organisation = (
      await database('projects')
        .join('organisations as o', 'o.id', 'organisation_id')
        .where('projects.id', api.team.project)
        .first('o.name')
    ).name as string;
    const { id: user } = await makeUser(api, owner, organisation, 'reader');
    const browser = new Browser(api);
    await browser.signIn({ name: owner, password: PASSWORD });
    const cookie = { cookie: `spiderhub_session=${browser.cookies.get('spiderhub_session')}` };
    const path = `/projects/${api.team.project}/stream`;
    const [staying, bySession, byKey] = [await stream(path), await stream(path, cookie), await stream(path)];
    expect(bySession.status).toBe(200);
    await browser.send('DELETE', '/session');
    await bySession.ended;
    expect(bySession.events.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'revoked' } });

    await browser.signIn({ name: owner, password: PASSWORD });
    const again = await stream(path, {
      cookie: `spiderhub_session=${browser.cookies.get('spiderhub_session')}`,
    });
    await database('members').where({ user_id: user }).delete();
    await again.ended;
    expect(again.events.at(-1)).toMatchObject({ event: 'bye' });
    expect(staying.events).toEqual([]);

    const { id } = await database('api_keys')
      .where({ hash: hashApiKey(api.team.key) })
      .first('id');
    await admin.revokeKey(id);
    await Promise.all([staying.ended, byKey.ended]);
    expect(staying.events.at(-1)).toMatchObject({ event: 'bye', data: { reason: 'revoked' } });
  });

  it('says by a status what is wrong with a cursor, and needs no body for HEAD', async () => {
    const path = `/projects/${api.team.project}/stream`;
    expect((await stream(`${path}?after=x`)).status).toBe(400);
    const cursor = await now();
    expect((await stream(`${path}?after=${'0'.repeat(16)}${cursor.slice(16)}`)).status).toBe(410);
    const head = await fetch(`${base}${path}`, { method: 'HEAD', headers: withKey(api.team.key) });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });
});
