import type { FrontierRequest, FrontierSlot, FrontierStore } from '@spiderhub/core';
import { createFrontierStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../../support/team.ts';

let db: TestDatabase;
let store: FrontierStore;
let project: number;
let slot: FrontierSlot;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createFrontierStore(db.database);
  project = (await makeTeam(db.database)).project;
});
afterAll(() => db.close());
beforeEach(() => {
  count += 1;
  slot = { project, frontier: `f${count}`, slot: 's' };
});

const request = (fp: string, more: Partial<FrontierRequest> = {}): FrontierRequest => ({
  fp,
  priority: 0,
  qdata: 'null',
  fdata: null,
  ...more,
});

async function batches(minCount?: number, its = slot) {
  const found: { id: string; size: number; fps: string[] }[] = [];
  for await (const { id, size, requests } of store.read(its, minCount))
    found.push({ id, size, fps: (JSON.parse(requests) as [string][]).map(([fp]) => fp) });
  return found;
}
const queue = async () => (await batches()).flatMap(({ fps }) => fps);

it('queues each fingerprint once, however many add it at the same moment', async () => {
  const fps = Array.from({ length: 60 }, (_, i) => `fp${i}`);
  const added = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      store.add(
        slot,
        (i % 2 ? fps : fps.toReversed()).map((fp) => request(fp)),
      ),
    ),
  );
  expect(added.reduce((sum, each) => sum + each, 0)).toBe(60);
  expect((await queue()).sort()).toEqual(fps.toSorted());
  expect(await store.queued(slot)).toBe(60);
});

it('counts what is new: repeated in one call, known before, known to another slot', async () => {
  expect(await store.add(slot, [request('a'), request('a'), request('b')])).toBe(2);
  expect(await store.add(slot, [request('b'), request('c')])).toBe(1);
  expect(await store.add({ ...slot, slot: 'other' }, [request('a')])).toBe(1);
  expect(await store.add(slot, [])).toBe(0);
  expect(await queue()).toEqual(['a', 'b', 'c']);
  expect(await store.slots(project, slot.frontier)).toEqual(['other', 's']);
});

it('reads the lowest priority first, then the oldest, negative and broken numbers included', async () => {
  const order = [3, -1.5, 0, 3, 0.1, -1e300, 1e-300];
  await store.add(
    slot,
    order.map((priority, i) => request(`r${i}`, { priority })),
  );
  const sorted = order
    .map((priority, i) => ({ priority, i }))
    .sort((a, b) => a.priority - b.priority || a.i - b.i);
  expect(await queue()).toEqual(sorted.map(({ i }) => `r${i}`));
  await store.add(slot, [request('late', { priority: -1.5 })]);
  expect((await queue()).slice(0, 3)).toEqual(['r5', 'r1', 'late']);
});

it('makes batches of at most a hundred requests, and smaller ones of large requests', async () => {
  await store.add(
    slot,
    Array.from({ length: 201 }, (_, i) => request(`r${i}`)),
  );
  expect((await batches()).map(({ size }) => size)).toEqual([100, 100, 1]);
  const big = { ...slot, slot: 'big' };
  const qdata = JSON.stringify('x'.repeat(400 * 1024));
  await store.add(
    big,
    Array.from({ length: 5 }, (_, i) => request(`b${i}`, { qdata })),
  );
  expect((await batches(undefined, big)).map(({ size }) => size)).toEqual([2, 2, 1]);
  // One that is larger than a batch may be goes alone, and is not refused.
  const huge = { ...slot, slot: 'huge' };
  await store.add(huge, [request('h', { qdata: JSON.stringify('x'.repeat(3 * 1024 * 1024)) }), request('i')]);
  expect((await batches(undefined, huge)).map(({ fps }) => fps)).toEqual([['h'], ['i']]);
});

it('reads through more batches than one statement gives, in order and without a gap', async () => {
  const many = Array.from({ length: 40 }, (_, i) =>
    request(`r${String(i).padStart(2, '0')}`, { priority: i % 20 }),
  );
  await store.add(slot, many);
  const read = await batches();
  expect(read).toHaveLength(20);
  const sorted = many.toSorted((a, b) => a.priority - b.priority || a.fp.localeCompare(b.fp));
  expect(read.flatMap(({ fps }) => fps)).toEqual(sorted.map(({ fp }) => fp));
});

it('ends once so many requests are reached, with whole batches', async () => {
  for (let i = 0; i < 3; i++) await store.add(slot, [request(`a${i}`), request(`b${i}`)]);
  const sizes = async (minCount: number) => (await batches(minCount)).length;
  expect([await sizes(0), await sizes(1), await sizes(2), await sizes(3), await sizes(99)]).toEqual([
    0, 1, 1, 2, 3,
  ]);
});

it('leaves batches queued until they are removed, and remembers fingerprints after that', async () => {
  await store.add(slot, [request('a'), request('b', { priority: 1 })]);
  const [first] = await batches();
  expect(await batches()).toHaveLength(2);
  await store.removeBatches(slot, [first?.id ?? '']);
  await store.removeBatches(slot, [first?.id ?? '']);
  expect(await queue()).toEqual(['b']);
  expect(await store.add(slot, [request('a')])).toBe(0);
  expect(await store.queued(slot)).toBe(1);
});

it('removes nothing for an id of another slot, or one that is none', async () => {
  const other = { ...slot, slot: 'other' };
  await store.add(slot, [request('a')]);
  await store.add(other, [request('b')]);
  const [theirs] = await batches(undefined, other);
  const odd = [
    theirs?.id ?? '',
    '',
    '0',
    'ffffffffffffffff',
    '00000000000000000',
    '-000000000000001',
    "'; --",
    '١',
  ];
  await store.removeBatches(slot, odd);
  expect([await store.queued(slot), await store.queued(other)]).toEqual([1, 1]);
});

it('gives fingerprints in the order of their bytes, with what is kept beside them', async () => {
  const fps = ['b', 'B', 'á', '\u{1F577}', '￿', '', 'a'];
  await store.add(
    slot,
    fps.map((fp) => request(fp, { fdata: fp === 'a' ? '{"n": 1.0}' : null })),
  );
  const sorted = fps.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect((await store.fingerprints(slot, null, 100)).map(({ fp }) => fp)).toEqual(sorted);
  const walked: string[] = [];
  for (let after: string | null = null; ; ) {
    const page: { fp: string; fdata: string | null }[] = await store.fingerprints(slot, after, 2);
    if (page.length === 0) break;
    walked.push(...page.map(({ fp }) => fp));
    after = page.at(-1)?.fp ?? null;
  }
  expect(walked).toEqual(sorted);
  expect((await store.fingerprints(slot, 'B', 1))[0]).toEqual({ fp: 'a', fdata: '{"n": 1.0}' });
});

it('gives back the text of a request as it came', async () => {
  const qdata = '{"n": 1.0, "big": 12345678901234567890, "n": 2, "é": "\\u00e9"}';
  await store.add(slot, [request('with "quotes" and \\', { qdata })]);
  for await (const { requests } of store.read(slot))
    expect(requests).toBe(`[[${JSON.stringify('with "quotes" and \\')},${qdata}]]`);
});

it('forgets a slot as a whole, while somebody adds to it', async () => {
  await store.add(slot, [request('a')]);
  await Promise.all([
    store.removeSlot(slot),
    ...Array.from({ length: 10 }, (_, i) => store.add(slot, [request(`r${i}`)])),
  ]);
  await store.removeSlot(slot);
  await store.removeSlot(slot);
  expect(await store.queued(slot)).toBe(0);
  expect(await store.frontiers(project)).not.toContain(slot.frontier);
  expect(await store.add(slot, [request('a')])).toBe(1);
});

it('answers for a slot that is not there as for an empty one', async () => {
  expect([await store.queued(slot), await queue(), await store.fingerprints(slot, null, 9)]).toEqual([
    0,
    [],
    [],
  ]);
  expect([await store.slots(project, slot.frontier), await store.frontiers(999_999)]).toEqual([[], []]);
});
