import type { FrontierBatch, FrontierRequest, FrontierSlot, FrontierStore } from '@spiderhub/core';
import { createActivityStore, createFrontierStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../support/team.ts';

let db: TestDatabase;
let store: FrontierStore;
let project: number;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createFrontierStore(db.database);
  project = (await makeTeam(db.database)).project;
});
afterAll(() => db.close());

let serial = 0;
function fresh(): FrontierSlot {
  serial += 1;
  return { project, frontier: 'f', slot: `slot${serial}` };
}

function request(fp: string, more: Partial<FrontierRequest> = {}): FrontierRequest {
  return { fp, priority: 0, qdata: 'null', fdata: null, ...more };
}

function requests(count: number, prefix = 'fp'): FrontierRequest[] {
  return Array.from({ length: count }, (_, i) => request(`${prefix}${i}`));
}

async function read(slot: FrontierSlot, minCount?: number): Promise<FrontierBatch[]> {
  const batches: FrontierBatch[] = [];
  for await (const batch of store.read(slot, minCount)) batches.push(batch);
  return batches;
}

const fpsOf = (batches: FrontierBatch[]) =>
  batches.flatMap((batch) => (JSON.parse(batch.requests) as [string][]).map(([fp]) => fp));

describe('a frontier slot', () => {
  it('queues each fingerprint once and says how many were new', async () => {
    const slot = fresh();
    expect(await store.add(slot, [request('/'), request('/a'), request('/')])).toBe(2);
    expect(await store.add(slot, [request('/'), request('/b')])).toBe(1);
    expect(fpsOf(await read(slot))).toEqual(['/', '/a', '/b']);
  });

  it('keeps the data of requests verbatim', async () => {
    const slot = fresh();
    await store.add(slot, [
      request('a', { qdata: '{"n":12345678901234567890,"x":NaN}', fdata: '{"f":1.0}' }),
    ]);
    expect((await read(slot))[0]?.requests).toBe('[["a",{"n":12345678901234567890,"x":NaN}]]');
    expect(await store.fingerprints(slot, null, 10)).toEqual([{ fp: 'a', fdata: '{"f":1.0}' }]);
  });

  it('makes batches of at most 100 requests and reads whole batches until enough are there', async () => {
    const slot = fresh();
    await store.add(slot, requests(300));
    expect((await read(slot)).map((batch) => batch.size)).toEqual([100, 100, 100]);
    expect(await read(slot, 100)).toHaveLength(1);
    expect(await read(slot, 101)).toHaveLength(2);
    expect(await read(slot, 5000)).toHaveLength(3);
  });

  it('hands out the lowest priority first, then the oldest', async () => {
    const slot = fresh();
    await store.add(slot, [request('c', { priority: 1 }), request('b'), request('d', { priority: -1 })]);
    await store.add(slot, [request('e', { priority: -1 }), request('f')]);
    expect(fpsOf(await read(slot))).toEqual(['d', 'e', 'b', 'f', 'c']);
  });

  it('reads more batches than one query gives', async () => {
    const slot = fresh();
    await store.add(slot, requests(5000));
    expect(fpsOf(await read(slot))).toEqual(requests(5000).map(({ fp }) => fp));
  });

  it('forgets deleted batches but not their fingerprints', async () => {
    const slot = fresh();
    await store.add(slot, requests(150));
    const [first] = await read(slot);
    await store.removeBatches(slot, [first?.id ?? '', 'nonsense', 'ffffffffffffffffffff']);
    expect(fpsOf(await read(slot))).toHaveLength(50);
    expect(await store.queued(slot)).toBe(50);
    expect(await store.queued(fresh())).toBe(0);
    expect(await store.add(slot, requests(150))).toBe(0);
    expect(await store.fingerprints(slot, null, 1000)).toHaveLength(150);
  });

  it('cannot lose batches through another slot', async () => {
    const [mine, theirs] = [fresh(), fresh()];
    await store.add(mine, requests(1));
    await store.removeBatches(theirs, [(await read(mine))[0]?.id ?? '']);
    expect(await read(mine)).toHaveLength(1);
  });

  it('lists fingerprints by their bytes, page by page', async () => {
    const slot = fresh();
    await store.add(
      slot,
      ['b', 'a', 'B', '10', '9', 'ä'].map((fp) => request(fp)),
    );
    const first = await store.fingerprints(slot, null, 4);
    const second = await store.fingerprints(slot, first.at(-1)?.fp ?? null, 4);
    expect([...first, ...second].map(({ fp }) => fp)).toEqual(['10', '9', 'B', 'a', 'b', 'ä']);
  });

  it('counts a fingerprint as new for exactly one of many callers', async () => {
    const slot = fresh();
    const news = await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        store.add(slot, i % 2 ? requests(200) : requests(200).toReversed()),
      ),
    );
    expect(news.reduce((sum, n) => sum + n, 0)).toBe(200);
    expect(fpsOf(await read(slot))).toHaveLength(200);
  });

  it('is gone with all it knew when it is deleted', async () => {
    const slot = fresh();
    await store.add(slot, requests(3));
    await store.removeSlot(slot);
    await store.removeSlot(slot);
    expect(await store.slots(project, 'f')).not.toContain(slot.slot);
    expect(await store.add(slot, requests(3))).toBe(3);
  });

  it('is listed under its frontier', async () => {
    await store.add({ project, frontier: 'g', slot: 'z' }, requests(1));
    await store.add({ project, frontier: 'g', slot: 'A' }, requests(1));
    expect(await store.slots(project, 'g')).toEqual(['A', 'z']);
    expect(await store.frontiers(project)).toContain('g');
    expect(await store.frontiers(project + 1)).toEqual([]);
  });
});

describe('activity', () => {
  it('comes newest first, as it was written, page by page', async () => {
    const activity = createActivityStore(db.database);
    const events = ['{"a":NaN}', '{"b":12345678901234567890}', '{"c":"\\u0000"}'];
    await activity.add(project, events);
    const page = await activity.page(project, null, 2);
    expect(page.map((one) => one.event)).toEqual(events.slice(1).toReversed());
    const rest = await activity.page(project, page[1]?.id ?? null, 10);
    expect(rest.map((one) => one.event)).toEqual([events[0]]);
  });
});
