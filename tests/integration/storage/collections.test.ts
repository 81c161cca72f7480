import { COMMAND, type CollectionRef, type CollectionStore } from '@spiderhub/core';
import { createCollectionStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../support/team.ts';

let db: TestDatabase;
let store: CollectionStore;
let project: number;
let other: number;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createCollectionStore(db.database);
  project = (await makeTeam(db.database, 'acme')).project;
  other = (await makeTeam(db.database, 'other')).project;
});
afterAll(() => db.close());

let serial = 0;
function fresh(type: CollectionRef['type'] = 's'): CollectionRef {
  serial += 1;
  return { project, type, name: `set_${serial}` };
}

function records(...keys: string[]) {
  return keys.map((key) => ({ key, value: `{"of":${JSON.stringify(key)}}` }));
}

async function keysOf(ref: CollectionRef, scan = {}, limit = 100): Promise<string[]> {
  return (await store.page(ref, scan, limit)).map((record) => record.key);
}

describe('collections', () => {
  it('give back the text that went in and replace by key', async () => {
    const ref = fresh();
    const odd = '{"a":NaN,"b":12345678901234567890,"lone":"\\ud800","nul":"\\u0000","a":1}';
    await store.put(ref, [
      { key: 'k', value: '{"old":1}' },
      { key: 'k', value: odd },
    ]);
    expect(await store.get(ref, 'k')).toMatchObject({ key: 'k', value: odd });
    await store.put(ref, [{ key: 'k', value: '{}' }]);
    expect(await store.get(ref, 'k')).toMatchObject({ value: '{}' });
    expect(await store.get(ref, 'none')).toBeNull();
  });

  it('are scanned in the order of bytes', async () => {
    const ref = fresh();
    await store.put(ref, records('2', '10', '1', 'ä', 'a', 'Z', '11', '🐢', '\uffee'));
    expect(await keysOf(ref)).toEqual(['1', '10', '11', '2', 'Z', 'a', 'ä', '\uffee', '🐢']);
  });

  it.each([
    ['start, inclusive', { start: 'b' }, ['b', 'ba', 'c']],
    ['startAfter, exclusive', { startAfter: 'b' }, ['ba', 'c']],
    ['a prefix', { prefixes: ['b'] }, ['b', 'ba']],
    ['two prefixes', { prefixes: ['ba', 'a'] }, ['a', 'ba']],
    ['a prefix with signs that patterns know', { prefixes: ['%'] }, []],
    ['keys', { keys: ['c', 'a', 'nobody'] }, ['a', 'c']],
    ['both', { prefixes: ['b'], startAfter: 'b' }, ['ba']],
  ])('are narrowed by %s', async (_how, scan, expected) => {
    const ref = fresh();
    await store.put(ref, records('a', 'b', 'ba', 'c'));
    expect(await keysOf(ref, scan)).toEqual(expected);
    expect(await store.count(ref, scan)).toBe(expected.length);
  });

  it('are narrowed by the time of writing', async () => {
    const ref = fresh();
    await store.put(ref, records('early'));
    await store.put(ref, records('late'));
    const early = (await store.get(ref, 'early'))?.ts ?? 0;
    await db
      .database('collection_records')
      .where({ key: 'late' })
      .update({ ts: new Date(early + 5000) });
    expect(await keysOf(ref, { since: early + 5000 })).toEqual(['late']);
    expect(await keysOf(ref, { until: early + 5000 })).toEqual(['early']);
  });

  it('come in pages of bounded size', async () => {
    const ref = fresh();
    const value = JSON.stringify({ text: 'x'.repeat(1024 * 1024 - 20) });
    await store.put(
      ref,
      Array.from({ length: 9 }, (_, i) => ({ key: `k${i}`, value })),
    );
    const first = await keysOf(ref);
    expect(first.length).toBeLessThanOrEqual(5);
    const rest = await keysOf(ref, { startAfter: first.at(-1) as string });
    expect(rest[0]).toBe(`k${first.length}`);
  });

  it('lose records by key, missing ones and missing collections included', async () => {
    const ref = fresh();
    await store.put(ref, records('a', 'b'));
    await store.remove(ref, ['a', 'never']);
    await store.remove(fresh(), ['a']);
    expect(await keysOf(ref)).toEqual(['b']);
  });

  it('of the cached types expire, and a write begins a new life', async () => {
    const ref = fresh('cs');
    await store.put(ref, records('old', 'renewed'));
    await store.put(fresh('s'), records('kept'));
    await db.database.raw(
      "update collection_records set expires_at = now() - interval '1 s' where expires_at is not null",
    );
    await store.put(ref, records('renewed'));
    expect(await keysOf(ref)).toEqual(['renewed']);
    expect(await store.get(ref, 'old')).toBeNull();
    const { rows } = await db.database.raw('select key from collection_records where expires_at is not null');
    expect(rows).toEqual([{ key: 'renewed' }]);
  });

  it('of another project are out of reach', async () => {
    const ref = fresh();
    await store.put(ref, records('mine'));
    const foreign = { ...ref, project: other };
    expect(await keysOf(foreign)).toEqual([]);
    await store.remove(foreign, ['mine']);
    await store.drop(COMMAND, foreign);
    await store.dropAll(COMMAND, other, ref.name);
    await expect(store.rename(COMMAND, other, ref.name, 'stolen')).rejects.toThrow('not found');
    expect(await keysOf(ref)).toEqual(['mine']);
  });

  it('are written by many at once without a deadlock', async () => {
    const ref = fresh();
    const keys = Array.from({ length: 50 }, (_, i) => `k${i}`);
    await Promise.all(
      Array.from({ length: 10 }, (_, i) => store.put(ref, records(...(i % 2 ? keys : keys.toReversed())))),
    );
    expect(await store.count(ref, {})).toBe(50);
  });
});

describe('names of collections', () => {
  it('are listed by name and type, empty ones too', async () => {
    for (const type of ['vcs', 's', 'cs', 'vs'] as const) {
      await store.put({ project: other, type, name: 'bbb' }, records('a'));
    }
    await store.put({ project: other, type: 's', name: 'aaa' }, records('a'));
    await store.remove({ project: other, type: 's', name: 'aaa' }, ['a']);
    expect((await store.list(other)).map(({ type, name }) => `${name}/${type}`)).toEqual([
      'aaa/s',
      'bbb/s',
      'bbb/vs',
      'bbb/cs',
      'bbb/vcs',
    ]);
  });

  it('go with all their types, or change with all their types', async () => {
    const one = fresh();
    const two = { ...one, type: 'vs' as const };
    for (const ref of [one, two]) await store.put(ref, records('a'));
    await store.rename(COMMAND, project, one.name, 'renamed');
    expect(await keysOf({ ...two, name: 'renamed' })).toEqual(['a']);
    await store.put(one, records('b'));
    await expect(store.rename(COMMAND, project, 'renamed', one.name)).rejects.toThrow('exists already');
    await store.dropAll(COMMAND, project, 'renamed');
    expect(await keysOf({ ...two, name: 'renamed' })).toEqual([]);
    expect(await keysOf(one)).toEqual(['b']);
  });
});
