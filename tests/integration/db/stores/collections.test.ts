import {
  type CollectionRef,
  type CollectionScan,
  type CollectionStore,
  type CollectionType,
  service,
} from '@spiderhub/core';
import { createCollectionStore, createLeftoverStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, type Team } from '../../../support/team.ts';

const me = service('me');

let db: TestDatabase;
let store: CollectionStore;
let team: Team;
let other: Team;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createCollectionStore(db.database);
  team = await makeTeam(db.database, 'acme');
  other = await makeTeam(db.database, 'globex');
});
afterAll(() => db.close());
beforeEach(() => {
  count += 1;
});

const ref = (type: CollectionType = 's', name = `c${count}`): CollectionRef => ({
  project: team.project,
  type,
  name,
});
const put = (its: CollectionRef, ...keys: string[]) =>
  store.put(
    its,
    keys.map((key) => ({ key, value: JSON.stringify({ of: key }) })),
  );
const keysOf = async (its: CollectionRef, scan: CollectionScan = {}, limit = 1000) =>
  (await store.page(its, scan, limit)).map(({ key }) => key);

/** All keys, a page at a time, as a reader goes through them. */
async function walk(its: CollectionRef, scan: CollectionScan, limit: number): Promise<string[]> {
  const keys: string[] = [];
  for (let page = await store.page(its, scan, limit); page.length > 0; ) {
    keys.push(...page.map(({ key }) => key));
    page = await store.page(its, { ...scan, startAfter: keys.at(-1) as string }, limit);
  }
  return keys;
}

/** Order of the bytes in UTF-8, which is not the order of JavaScript's texts. */
const byBytes = (keys: readonly string[]) =>
  [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

it('orders keys by their bytes and pages through them without a gap, whatever the page', async () => {
  const odd = ['a', 'A', 'á', '\u{1F577}', '￿', 'a b', 'a%', 'a_', '', '10', '9', '_', '%', "'", '\\'];
  await put(ref(), ...odd);
  const expected = byBytes(odd);
  for (const limit of [1, 2, 7, 100]) expect(await walk(ref(), {}, limit)).toEqual(expected);
  expect(await keysOf(ref(), { start: '\u{1F577}' })).toEqual(['\u{1F577}']);
});

it('takes prefixes to the letter: signs of patterns mean themselves', async () => {
  await put(ref(), 'a%b', 'axb', 'a_c', 'A%b', 'ab', 'b');
  expect(await keysOf(ref(), { prefixes: ['a%'] })).toEqual(['a%b']);
  expect(await keysOf(ref(), { prefixes: ['a_', 'b'] })).toEqual(['a_c', 'b']);
  expect(await keysOf(ref(), { prefixes: [''] })).toHaveLength(6);
  // One that two prefixes name is there once.
  expect(await keysOf(ref(), { prefixes: ['a', 'ab'], start: 'ab' })).toEqual(['ab', 'axb']);
});

it('takes the last one of repeated keys, and replaces what was there with a later time', async () => {
  await store.put(ref(), [
    { key: 'k', value: '{"n":1}' },
    { key: 'k', value: '{"n":2}' },
  ]);
  const first = await store.get(ref(), 'k');
  expect(first?.value).toBe('{"n":2}');
  await store.put(ref(), [{ key: 'k', value: '{"n":3}' }]);
  const second = await store.get(ref(), 'k');
  expect([second?.value, await store.count(ref(), {})]).toEqual(['{"n":3}', 1]);
  expect(second?.ts).toBeGreaterThanOrEqual(first?.ts ?? 0);
  await store.put(ref(), []);
});

it('selects by the time of writing: from one moment on, and before another', async () => {
  await put(ref(), 'a', 'b', 'c');
  const moment = (second: number) => Date.UTC(2026, 0, 1, 0, 0, second);
  for (const [nth, key] of ['a', 'b', 'c'].entries())
    await db
      .database('collection_records')
      .where({ key })
      .whereIn(
        'collection_id',
        db
          .database('collections')
          .where({ name: `c${count}` })
          .select('id'),
      )
      .update({ ts: new Date(moment(nth)) });
  expect(await keysOf(ref(), { since: moment(1) })).toEqual(['b', 'c']);
  expect(await keysOf(ref(), { until: moment(1) })).toEqual(['a']);
  expect(await keysOf(ref(), { since: moment(1), until: moment(2) })).toEqual(['b']);
  expect(await store.count(ref(), { since: moment(0), until: moment(3), keys: ['c', 'x'] })).toBe(1);
});

it('ends a page behind the record with which it passes four mebibytes', async () => {
  const big = JSON.stringify({ text: 'x'.repeat(1.5 * 1024 * 1024) });
  await store.put(
    ref(),
    ['a', 'b', 'c', 'd'].map((key) => ({ key, value: big })),
  );
  expect(await keysOf(ref())).toEqual(['a', 'b', 'c']);
  expect(await walk(ref(), {}, 1000)).toEqual(['a', 'b', 'c', 'd']);
});

it('forgets records of the cached types after their life, and those of the others never', async () => {
  for (const type of ['s', 'vs', 'cs', 'vcs'] as const) await put(ref(type), 'old', 'new');
  await db
    .database('collection_records')
    .where({ key: 'old' })
    .whereNotNull('expires_at')
    .update({ expires_at: new Date(Date.now() - 1) });
  const left = await Promise.all((['s', 'vs', 'cs', 'vcs'] as const).map((type) => keysOf(ref(type))));
  expect(left).toEqual([['new', 'old'], ['new', 'old'], ['new'], ['new']]);
  expect(await store.get(ref('cs'), 'old')).toBeNull();
  expect(await store.count(ref('vcs'), {})).toBe(1);
  // Writing clears away what has expired there; the rest is swept.
  await put(ref('cs'), 'newer');
  const leftovers = createLeftoverStore(db.database);
  expect([await leftovers.removeExpiredRecords(10), await leftovers.removeExpiredRecords(10)]).toEqual([
    1, 0,
  ]);
  await put(ref('vcs'), 'old');
  expect(await keysOf(ref('vcs'))).toEqual(['new', 'old']);
});

it('makes a collection once for many who write to it at the same moment, and loses none of their records', async () => {
  const keys = Array.from({ length: 40 }, (_, i) => `k${String(i).padStart(2, '0')}`);
  await Promise.all(keys.map((key, i) => put(ref(), ...(i % 2 ? [key, 'same'] : ['same', key]))));
  expect(await keysOf(ref())).toEqual([...keys, 'same']);
  const made = (await store.list(team.project)).filter(({ name }) => name === `c${count}`);
  expect(made).toEqual([{ type: 's', name: `c${count}` }]);
});

it('never waits in a circle when two write the same keys in opposite orders', async () => {
  const keys = Array.from({ length: 300 }, (_, i) => `k${i}`);
  await put(ref(), ...keys);
  await Promise.all(Array.from({ length: 8 }, (_, i) => put(ref(), ...(i % 2 ? keys : keys.toReversed()))));
  expect(await store.count(ref(), {})).toBe(300);
});

it('makes a collection anew that is dropped while it is written to', async () => {
  const writes = Array.from({ length: 20 }, (_, i) => put(ref(), `k${i}`));
  const drops = Array.from({ length: 5 }, () => store.drop(me, ref()));
  await Promise.all([...writes, ...drops]);
  await put(ref(), 'last');
  expect(await keysOf(ref(), { keys: ['last'] })).toEqual(['last']);
});

it('renames all types of a name at once, or none', async () => {
  const name = `c${count}`;
  await put(ref('s'), 'a');
  await put(ref('vcs'), 'b');
  await put(ref('vcs', `${name}_taken`), 'c');
  await expect(store.rename(me, team.project, name, `${name}_taken`)).rejects.toMatchObject({
    kind: 'conflict',
  });
  expect([await keysOf(ref('s')), await keysOf(ref('vcs'))]).toEqual([['a'], ['b']]);
  await store.rename(me, team.project, name, `${name}_new`);
  expect(await keysOf(ref('s', `${name}_new`))).toEqual(['a']);
  await expect(store.rename(me, team.project, name, 'x')).rejects.toMatchObject({ kind: 'not_found' });
  await expect(store.rename(me, other.project, `${name}_new`, 'x')).rejects.toMatchObject({
    kind: 'not_found',
  });
});

it('drops one type or all of them, in its own project alone, and notes which', async () => {
  const name = `c${count}`;
  for (const type of ['s', 'cs', 'vs'] as const) await put(ref(type), 'a');
  await store.put({ project: other.project, type: 's', name }, [{ key: 'a', value: '{}' }]);
  await store.drop(me, ref('cs'));
  await store.drop(me, ref('cs'));
  await store.dropAll(me, team.project, name);
  expect((await store.list(team.project)).filter((each) => each.name === name)).toEqual([]);
  expect(await store.count({ project: other.project, type: 's', name }, {})).toBe(1);
  const noted = await db
    .database('audit_log')
    .where({ object: `collection ${name}` })
    .orderBy('id');
  expect(noted.map(({ before }) => before.types.toSorted())).toEqual([['cs'], ['s', 'vs']]);
});

it('removes the records that it is told, of one type and one project', async () => {
  for (const type of ['s', 'vs'] as const) await put(ref(type), 'a', 'b', 'c');
  await store.remove(ref('s'), ['a', 'c', 'not there']);
  await store.remove(ref('cs'), ['a']);
  await store.remove({ ...ref('vs'), project: other.project }, ['a']);
  expect([await keysOf(ref('s')), await keysOf(ref('vs'))]).toEqual([['b'], ['a', 'b', 'c']]);
});

it('refuses what a text of the database cannot hold in the words of the core', async () => {
  await expect(put(ref(), 'with a \0')).rejects.toMatchObject({ kind: 'invalid' });
  await expect(put(ref(), 'x'.repeat(9000) + Math.random())).resolves.toBeUndefined();
  const random = Array.from({ length: 9000 }, () => Math.random().toString(36).slice(2, 3)).join('');
  await expect(put(ref(), random)).rejects.toMatchObject({ kind: 'invalid' });
});

it('lists the types of one name in the order of the documentation', async () => {
  for (const type of ['vcs', 'cs', 'vs', 's'] as const) await put(ref(type), 'a');
  const types = (await store.list(team.project))
    .filter(({ name }) => name === `c${count}`)
    .map(({ type }) => type);
  expect(types).toEqual(['s', 'vs', 'cs', 'vcs']);
});
