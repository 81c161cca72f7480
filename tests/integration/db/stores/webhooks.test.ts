import {
  type DeliveryStore,
  type DueDelivery,
  service,
  type Verdict,
  type WebhookStore,
} from '@spiderhub/core';
import { createDeliveryStore, createSealedStore, createWebhookStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../../support/team.ts';

const HOUR = 3_600_000;
const me = service('me');

let db: TestDatabase;
let store: WebhookStore;
let queue: DeliveryStore;
let project: number;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createWebhookStore(db.database);
  queue = createDeliveryStore(db.database);
  await createSealedStore(db.database).sealingKey('k1');
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  await db.database('webhook_messages').delete();
  await db.database('webhooks').delete();
  await db.database('sealing_key').update({ key_id: 'k1' });
  project = (await makeTeam(db.database, `team-${count}`)).project;
});

const ago = (ms: number) => new Date(Date.now() - ms);
const sealed = (text: string, keyId = 'k1') => ({ keyId, sealed: Buffer.from(text) });

async function hook(of = project, most = 100) {
  const id = await store.nextId();
  const plan = {
    id,
    project: of,
    url: 'https://example.org/x',
    description: '',
    types: [],
    spiders: [],
    hasTag: [],
  };
  return store.create(me, plan, sealed(`secret of ${id}`), most);
}
async function hookId(of = project): Promise<number> {
  return (await hook(of))?.id as number;
}

async function message(id: number, name: string, of = project): Promise<string> {
  await store.add(me, of, id, { id: `${name}-${id}`, type: 'test', body: '{}' });
  return `${name}-${id}`;
}

const claim = (more: Partial<Parameters<DeliveryStore['claim']>[0]> = {}) =>
  queue.claim({ limit: 100, failing: 5, each: 4, tenant: 50, leaseMs: HOUR, ...more });

const FAILED: Verdict = { state: 'waiting', afterMs: HOUR } as Verdict;
const DELIVERED = { state: 'delivered' } as Verdict;
const settle = (due: DueDelivery[], verdict: Verdict, failingMs = 5 * 24 * HOUR) =>
  queue.settle(
    due.map(({ endpoint, message: id, tries }) => ({
      endpoint,
      message: id,
      tries,
      attempted: { status: 500, error: 'no', durationMs: 12.4, answer: 'oops', retryAfterMs: null },
      verdict,
    })),
    failingMs,
  );
const state = async (id: number) =>
  (await store.deliveries(project, id, { before: null, limit: 100 })).map((d) => d.state);
const found = async (id: number) => store.find(project, id);

describe('webhooks of a project', () => {
  it('are as many as there may be, however many ask at once', async () => {
    await hook();
    await Promise.all([1, 2, 3].map(() => db.database.raw('select pg_sleep(0.02)')));
    const asked = await Promise.allSettled([1, 2, 3].map(() => hook(project, 2)));
    expect(asked.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    expect(await store.list(project)).toHaveLength(2);
  });

  it('are not made with a secret that the key of yesterday has sealed', async () => {
    const id = await hookId();
    await db.database('sealing_key').update({ key_id: 'k2' });
    expect(await hook()).toBeNull();
    expect(await store.rotate(me, project, id, sealed('new'), HOUR)).toBeNull();
    expect(await store.rotate(me, project, id, sealed('new', 'k2'), HOUR)).toBe(true);
    expect(await store.rotate(me, project, id + 1000, sealed('new', 'k2'), HOUR)).toBe(false);
  });

  it('are seen and changed in their own project alone', async () => {
    const id = await hookId();
    const other = (await makeTeam(db.database, `other-${count}`)).project;
    expect(await store.find(other, id)).toBeNull();
    expect(await store.change(me, other, id, { url: 'https://evil.example' })).toBeNull();
    expect(await store.remove(me, other, id)).toBe(false);
    expect(await store.rotate(me, other, id, sealed('x'), 0)).toBe(false);
    expect(await store.add(me, other, id, { id: 'm', type: 't', body: '{}' })).toBe(false);
    expect(await store.replay(me, other, id, {})).toBe(0);
    expect((await found(id))?.url).toBe('https://example.org/x');
  });

  it('change what is named, empty lists included, and forget their failures when people enable them', async () => {
    const id = await hookId();
    await store.change(me, project, id, { types: ['job.finished'], description: 'mine' });
    expect(await store.change(me, project, id, { types: [] })).toMatchObject({
      types: [],
      description: 'mine',
    });
    await db
      .database('webhooks')
      .where({ id })
      .update({ failing_since: ago(HOUR) });
    const off = await store.change(me, project, id, { isDisabled: true });
    expect([off?.disabledWhy, off?.failingSince]).toEqual(['by people', expect.any(Date)]);
    const again = await store.change(me, project, id, { isDisabled: true });
    expect(again?.disabledAt).toEqual(off?.disabledAt);
    expect(await store.change(me, project, id, { isDisabled: false })).toMatchObject({
      disabledAt: null,
      disabledWhy: null,
      failingSince: null,
    });
  });

  it('sign with the new secret and the newest old one, and with the old one no longer than was said', async () => {
    const id = await hookId();
    for (const text of ['two', 'three']) await store.rotate(me, project, id, sealed(text), HOUR);
    await message(id, 'm');
    const [due] = await claim({ leaseMs: 0 });
    expect(due?.secrets.map((each) => each.sealed.toString())).toEqual(['three', 'two']);
    await db
      .database('webhook_secrets')
      .whereNotNull('until')
      .update({ until: ago(1) });
    const [later] = await claim({ leaseMs: 0 });
    expect(later?.secrets.map((each) => each.sealed.toString())).toEqual(['three']);
  });

  it('note no secret and no password of their address', async () => {
    const id = await hookId();
    await store.change(me, project, id, { url: 'https://me:planted@example.org/x?token=planted' });
    const rows = await db.database('audit_log').where({ object: `webhook ${id}` });
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain('planted');
    expect(JSON.stringify(rows)).not.toContain('secret of');
  });
});

describe('deliveries', () => {
  it('go to one of those who claim at the same moment', async () => {
    const ids = [await hookId(), await hookId(), await hookId()];
    for (const id of ids) for (const name of ['a', 'b', 'c']) await message(id, name);
    const claims = (await Promise.all(Array.from({ length: 6 }, () => claim()))).flat();
    const names = claims.map((due) => `${due.endpoint} ${due.message}`);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeLessThanOrEqual(9);
    const rest = await claim();
    expect(names.length + rest.length).toBe(9);
    expect([...claims, ...rest].every(({ tries }) => tries === 1)).toBe(true);
  });

  it('are so many of one endpoint and of one organisation at a time, those under way included', async () => {
    const [one, two] = [await hookId(), await hookId()];
    for (const id of [one, two]) for (let i = 0; i < 6; i++) await message(id, `m${i}`);
    const first = await claim({ each: 4, tenant: 50 });
    expect(first.filter(({ endpoint }) => endpoint === one)).toHaveLength(4);
    expect(await claim({ each: 4 })).toEqual([]);
    expect(await claim({ each: 6, tenant: 8 })).toEqual([]);
    expect(await claim({ each: 6, tenant: 9 })).toHaveLength(1);
    await settle(first, DELIVERED);
    expect(await claim({ each: 6 })).toHaveLength(3);
  });

  it('give an organisation its place beside one with a long queue', async () => {
    const busy = [await hookId(), await hookId(), await hookId()];
    for (const id of busy) for (let i = 0; i < 4; i++) await message(id, `m${i}`);
    const other = (await makeTeam(db.database, `other-${count}`)).project;
    const quiet = await hookId(other);
    await message(quiet, 'm', other);
    const claimed = await claim({ limit: 2 });
    expect(claimed.map(({ endpoint }) => endpoint)).toContain(quiet);
  });

  it('go to endpoints that fail one at a time, and to so many of those together', async () => {
    const ids = [await hookId(), await hookId(), await hookId()];
    for (const id of ids) for (const name of ['a', 'b']) await message(id, name);
    await db.database('webhooks').update({ failing_since: ago(6000) });
    const claimed = await claim({ failing: 2 });
    expect(claimed.map(({ isFailing }) => isFailing)).toEqual([true, true]);
    expect(new Set(claimed.map(({ endpoint }) => endpoint)).size).toBe(2);
    await db.database('webhooks').update({ failing_since: ago(1000) });
    expect((await claim({ failing: 0 })).every(({ isFailing }) => !isFailing)).toBe(true);
  });

  it('come back when a lease is over, and then the first claimer has no say any more', async () => {
    const id = await hookId();
    await message(id, 'm');
    const [first] = await claim({ leaseMs: -1 });
    const [second] = await claim();
    expect([first?.tries, second?.tries]).toEqual([1, 2]);
    await settle([first as DueDelivery], { state: 'failed', gone: true } as Verdict);
    expect([await state(id), (await found(id))?.disabledAt]).toEqual([['waiting'], null]);
    await settle([second as DueDelivery], DELIVERED);
    await settle([second as DueDelivery], FAILED);
    expect(await state(id)).toEqual(['delivered']);
  });

  it('wait as long as it was said, and not at all to a disabled endpoint', async () => {
    const id = await hookId();
    await message(id, 'm');
    await settle(await claim(), FAILED);
    const [after] = await store.deliveries(project, id, { before: null, limit: 1 });
    expect(after).toMatchObject({
      state: 'waiting',
      tries: 1,
      status: 500,
      error: 'no',
      durationMs: 12,
      answer: 'oops',
    });
    const wait = (after?.nextAt?.getTime() ?? 0) - (after?.triedAt?.getTime() ?? 0);
    expect(wait).toBe(HOUR);
    expect(await claim()).toEqual([]);
    await store.replay(me, project, id, {});
    await store.change(me, project, id, { isDisabled: true });
    expect(await claim()).toEqual([]);
    await store.change(me, project, id, { isDisabled: false });
    expect(await claim()).toHaveLength(1);
  });

  it('disable an endpoint that is gone, or fails for too long, and say so once in the log of events', async () => {
    const [gone, dead, works] = [await hookId(), await hookId(), await hookId()];
    for (const id of [gone, dead, works]) await message(id, 'm');
    const due = await claim();
    const of = (id: number) => due.filter(({ endpoint }) => endpoint === id);
    await settle(of(gone), { state: 'failed', gone: true } as Verdict);
    await settle(of(dead), FAILED);
    expect((await found(dead))?.failingSince).toEqual(expect.any(Date));
    await store.replay(me, project, dead, {});
    await db
      .database('webhooks')
      .where({ id: dead })
      .update({ failing_since: ago(3 * HOUR) });
    await settle(await claim(), FAILED, 2 * HOUR);
    await settle(of(works), DELIVERED);
    expect([(await found(gone))?.disabledWhy, (await found(dead))?.disabledWhy]).toEqual([
      'it answered 410: gone',
      expect.stringMatching(/^every try has failed since 20.* UTC$/),
    ]);
    const events = await db
      .database('events')
      .where({ project_id: project, type: 'webhook.disabled' })
      .orderBy('id');
    expect(events.map(({ data }) => JSON.parse(data).webhook)).toEqual([gone, dead]);
  });

  it('count as working again with the first one that arrives', async () => {
    const id = await hookId();
    for (const name of ['a', 'b']) await message(id, name);
    const [one, two] = await claim();
    await settle([one as DueDelivery], FAILED);
    expect((await found(id))?.failingSince).not.toBeNull();
    await settle([two as DueDelivery], DELIVERED);
    expect((await found(id))?.failingSince).toBeNull();
    // In one statement it is the one that arrived that counts.
    await store.replay(me, project, id, {});
    const [three, four] = await claim();
    await queue.settle(
      [three, four].map((due, i) => ({
        endpoint: id,
        message: due?.message as string,
        tries: due?.tries as number,
        attempted: { status: 500, error: null, durationMs: 1, answer: null, retryAfterMs: null },
        verdict: i === 0 ? FAILED : DELIVERED,
      })),
      HOUR,
    );
    expect((await found(id))?.failingSince).toBeNull();
  });

  it('are replayed by message, by state and by the span in which they were made', async () => {
    const id = await hookId();
    const [a, b] = [await message(id, 'a'), await message(id, 'b')];
    await settle(await claim(), { state: 'failed', gone: false } as Verdict);
    const at = (name: string, hours: number) =>
      db
        .database('webhook_deliveries')
        .where({ message_id: name })
        .update({ created_at: ago(hours * HOUR) });
    await at(a, 2);
    await at(b, 5);
    expect(await store.replay(me, project, id, { states: ['delivered'] })).toBe(0);
    expect(await store.replay(me, project, id, { since: ago(3 * HOUR), states: ['failed'] })).toBe(1);
    expect(await store.replay(me, project, id, { until: ago(3 * HOUR) })).toBe(1);
    expect(await store.replay(me, project, id, { message: 'none' })).toBe(0);
    expect(await store.replay(me, project, id, { message: b })).toBe(1);
    expect((await claim()).map(({ tries }) => tries)).toEqual([1, 1]);
  });

  it('are paged by the moment before which they were made, the newest first', async () => {
    const id = await hookId();
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      const made = await message(id, name);
      await db
        .database('webhook_deliveries')
        .where({ message_id: made })
        .update({ created_at: ago((3 - i) * HOUR) });
    }
    const first = await store.deliveries(project, id, { before: null, limit: 2 });
    expect(first.map(({ message: name }) => name)).toEqual([`c-${id}`, `b-${id}`]);
    const rest = await store.deliveries(project, id, { before: first[1]?.createdAt ?? null, limit: 2 });
    expect(rest.map(({ message: name }) => name)).toEqual([`a-${id}`]);
    expect(await store.deliveries(project, id, { states: ['failed'], before: null, limit: 2 })).toEqual([]);
    expect([await queue.removeOld(2.5 * HOUR, 9), await queue.removeOld(0, 9)]).toEqual([0, 3]);
    expect(await store.deliveries(project, id, { before: null, limit: 2 })).toEqual([]);
  });
});
