import { EventEmitter, once } from 'node:events';
import { gunzipSync } from 'node:zlib';
import type { SegmentIndex } from '@spiderhub/core';
import { createSegmentIndex } from '@spiderhub/db';
import {
  createTestDatabase,
  eventually,
  type FaultyS3,
  type S3Server,
  startFaultyS3,
  startMoto,
  type TestDatabase,
} from '@spiderhub/testkit';
import { type Bucket, makeBucket } from '../../contract/s3-place.ts';
import { linesFrom, numbered, REF, recordsOf } from '../../contract/support.ts';
import { STREAMS } from './body.ts';
import { createSegmentKeeper } from './keep.ts';
import { createSegmentStreamStore } from './stream-store.ts';
import { verifySegments } from './verify.ts';

let server: S3Server;
let faulty: FaultyS3;
let postgres: TestDatabase;
let bucket: Bucket;
/** The same one for who does not wait long for an answer that does not come. */
let hurried: Bucket;
beforeAll(async () => {
  server = await startMoto();
  faulty = await startFaultyS3(server);
});
afterAll(async () => {
  await faulty.close();
  await server.close();
});
beforeEach(async () => {
  faulty.fault = () => 'none';
  postgres = await createTestDatabase();
  const { bucket: name } = await makeBucket(server);
  const place = { endpoint: faulty.endpoint, bucket: name };
  bucket = await makeBucket(server, place);
  hurried = await makeBucket(server, { ...place, patience: { silenceMs: 500, givesUpMs: 1000 } });
});
afterEach(() => postgres.close());

const index = () => createSegmentIndex(postgres.database);
const TINY = { rollBytes: 1500, sealedBytes: 1, compactPieces: 1000 };

function openStore(options = TINY, { objects } = bucket, own = index()) {
  const failures: unknown[] = [];
  const store = createSegmentStreamStore({
    index: own,
    objects,
    onError: (error) => failures.push(error),
    ...options,
  });
  return { store, failures };
}

function keeper(options = {}) {
  return createSegmentKeeper({
    index: index(),
    objects: bucket.objects,
    garbageMs: 0,
    packMs: 0,
    ...options,
  });
}

/** Lines that compression makes hardly smaller. */
function noise(first: number, count: number): Buffer[] {
  return linesFrom(first, count).map((line, i) =>
    Buffer.from(`${line.toString().slice(0, -1)},"r":"${Math.sin(first + i)}${Math.cos(first + i)}"}`),
  );
}

async function stored(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of bucket.objects.list(STREAMS)) keys.push(key);
  return keys.sort();
}

async function named(): Promise<string[]> {
  const rows: { object: string }[] = await postgres.database('stream_extents').distinct('object');
  return rows.map(({ object }) => object).sort();
}

describe('an S3 that fails', () => {
  it.each(['busy', 'silent', 'cut upload', 'cut answer'] as const)(
    'loses no record and blocks no writer or follower (%s); all goes into objects afterwards',
    async (fault) => {
      const before = openStore().store;
      await before.write(REF, noise(0, 100), 0);
      await before.settled();
      expect(await named()).toHaveLength(1);
      const { store, failures } = openStore(TINY, hurried);
      faulty.fault = ({ method }) => (method === 'PUT' ? fault : 'none');
      const began = performance.now();
      for (let at = 100; at < 400; at += 20) {
        await store.write(REF, noise(at, 20), at);
        expect(await recordsOf(store, REF, { from: at })).toEqual(numbered(at, noise(at, 20)));
      }
      // Each batch waits a little for a tail that is too long, never for S3's time-outs.
      expect((performance.now() - began) / 15).toBeLessThan(3000);
      const writer = await store.openWriter(REF);
      writer.append(noise(400, 5));
      await writer.seal();
      await store.settled();
      expect(failures.length).toBeGreaterThan(0);
      expect(await recordsOf(openStore().store, REF)).toEqual(numbered(0, noise(0, 405)));

      faulty.fault = () => 'none';
      expect(await keeper().pack()).toMatchObject({ done: 1 });
      const { tailPieces } = (await index().head(REF)) ?? { tailPieces: -1 };
      expect(tailPieces).toBe(0);
      expect(await recordsOf(openStore().store, REF)).toEqual(numbered(0, noise(0, 405)));
      expect(await store.stats(REF)).toMatchObject({ end: 405, records: 405 });
      // What was announced and may have arrived goes.
      await keeper().collect();
      expect(await stored()).toEqual(await named());
    },
  );

  it('leaves tails of any length, which go into objects bit by bit', async () => {
    const quiet = openStore({ ...TINY, rollBytes: 2 ** 30, sealedBytes: 2 ** 30 }).store;
    const aside = { ...REF, key: { ...REF.key, job: 99 } };
    for (const ref of [REF, aside]) {
      for (let at = 0; at < 1000; at += 50) await quiet.write(ref, noise(at, 50), at);
    }
    await quiet.setAside(aside.key);
    // As much as four rolls of 1500 bytes, and the piece that makes it so much.
    const most = 4 * 1500 + 2500;
    const { store } = openStore();
    await store.write(REF, noise(1000, 1), 1000);
    await store.settled();
    expect(await index().head(REF)).toMatchObject({ end: 1001, membersEnd: expect.any(Number) });
    expect((await index().head(REF))?.tailPieces).toBeGreaterThan(0);
    await postgres.database.raw(`update stream_heads set state = 'ready', ready_at = now()`);
    const keep = keeper({ packBytes: 1500 });
    while ((await keep.pack()).more);
    expect(await postgres.database('stream_chunks').count()).toEqual([{ count: '0' }]);
    const sizes: number[] = [];
    for await (const { sizeBytes } of bucket.objects.list(STREAMS)) sizes.push(sizeBytes);
    expect(Math.max(...sizes)).toBeLessThan(most);
    expect(await recordsOf(store, REF)).toEqual(numbered(0, noise(0, 1001)));
    expect(await store.stats(REF)).toMatchObject({ end: 1001, records: 1001 });
    await store.bringBack(aside.key);
    expect(await recordsOf(store, aside)).toEqual(numbered(0, noise(0, 1000)));
  });

  it('leaves tails that are read bit by bit', async () => {
    const own = index();
    const cuts: number[] = [];
    const narrow: SegmentIndex = {
      ...own,
      async picture(ref, from, to) {
        cuts.push(from);
        return own.picture(ref, from, to, 1500);
      },
    };
    const { store } = openStore({ ...TINY, rollBytes: 2 ** 30 }, bucket, narrow);
    for (let at = 0; at < 300; at += 10) await store.write(REF, noise(at, 10), at);
    expect(await recordsOf(store, REF)).toEqual(numbered(0, noise(0, 300)));
    expect(cuts.length).toBeGreaterThan(3);
    expect(await recordsOf(store, REF, { from: 95, to: 205 })).toEqual(numbered(95, noise(95, 110)));
    const chunks: Buffer[] = [];
    for await (const chunk of store.readGzip(REF)) chunks.push(chunk);
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toBe(
      noise(0, 300)
        .map((line) => `${String(line)}\n`)
        .join(''),
    );
  });

  it('is unavailable in the words of core', async () => {
    const { store } = openStore();
    await store.write(REF, noise(0, 100), 0);
    await store.settled();
    faulty.fault = () => 'busy';
    await expect(recordsOf(openStore(TINY, hurried).store, REF)).rejects.toMatchObject({
      kind: 'unavailable',
    });
  });
});

describe('a process that dies', () => {
  /** As a process that is killed at this point: nothing of what it had begun goes on. */
  class Killed extends Error {}

  it('after its object was written and before the commit leaves garbage, which goes, and every record', async () => {
    const killed = {
      ...index(),
      change: async () => {
        throw new Killed();
      },
    };
    const store = createSegmentStreamStore({ index: killed, objects: bucket.objects, ...TINY });
    await store.write(REF, noise(0, 200), 0);
    await store.settled();
    expect(await stored()).toHaveLength(1);
    expect(await named()).toEqual([]);
    expect(await recordsOf(openStore().store, REF)).toEqual(numbered(0, noise(0, 200)));
    // Others may be at this point at this moment.
    expect(await keeper({ garbageMs: 60_000 }).collect()).toMatchObject({ done: 0 });
    expect(await keeper().collect()).toMatchObject({ done: 1 });
    expect(await stored()).toEqual([]);
  });

  it('and wakes up after its object was taken for garbage, changes nothing', async () => {
    const own = index();
    const late = {
      ...own,
      change: async (...args: Parameters<typeof own.change>) => {
        await keeper().collect();
        return own.change(...args);
      },
    };
    const store = createSegmentStreamStore({ index: late, objects: bucket.objects, ...TINY });
    await store.write(REF, noise(0, 200), 0);
    await store.settled();
    expect(await named()).toEqual([]);
    expect(await recordsOf(openStore().store, REF)).toEqual(numbered(0, noise(0, 200)));
  });

  it('between taking garbage and removing it, has it removed by the next one', async () => {
    const { store } = openStore();
    await store.write(REF, noise(0, 200), 0);
    await store.settled();
    await store.removeJobs([REF.key]);
    expect(await index().upkeep.takeGarbage(0, 10)).toHaveLength(1);
    expect(await keeper().collect()).toMatchObject({ done: 1 });
    expect(await stored()).toEqual([]);
  });
});

describe('a database whose connection breaks', () => {
  it('stores what a crawl writes once, whether the answer was lost or the records', async () => {
    const own = index();
    let losses = ['records', 'answer', 'answer', 'records'];
    const lossy = {
      ...own,
      append: async (...args: Parameters<typeof own.append>) => {
        const loss = losses.shift();
        if (loss === 'records') throw new Error('connection lost');
        const answer = await own.append(...args);
        if (loss === 'answer') throw new Error('connection lost');
        return answer;
      },
    };
    const store = createSegmentStreamStore({ index: lossy, objects: bucket.objects, ...TINY });
    const writer = await store.openWriter(REF);
    for (let at = 0; at < 60; at += 10) {
      writer.append(noise(at, 10));
      await writer.flush().catch(() => undefined);
      if (at === 20) await openStore().store.write(REF, [Buffer.from('{"else":1}')]);
    }
    losses = [];
    await writer.seal();
    await store.settled();
    const texts = (await recordsOf(store, REF)).map(([, text]) => text);
    expect(texts.filter((text) => text !== '{"else":1}')).toEqual(noise(0, 60).map(String));
    expect(texts).toHaveLength(61);
    expect(writer.end).toBe(61);
    expect(writer.stats).toEqual(await store.stats(REF));
  });

  it('and refuses what arrives after it was sent again', async () => {
    const own = createSegmentIndex(postgres.database);
    const held: (() => Promise<unknown>)[] = [];
    let isHolding = false;
    const slow: SegmentIndex = {
      ...own,
      append: (request) => {
        if (!isHolding) return own.append(request);
        held.push(() => own.append(request));
        return Promise.reject(new Error('no answer in time'));
      },
    };
    const store = createSegmentStreamStore({ index: slow, objects: bucket.objects, ...TINY });
    const writer = await store.openWriter(REF);
    for (let at = 0; at < 60; at += 10) {
      writer.append(noise(at, 10));
      isHolding = at % 20 === 10;
      await writer.flush().catch(() => undefined);
      // Before it is sent again, or afterwards.
      if (at === 20) await held.shift()?.();
      if (at === 30) await held.pop()?.();
    }
    isHolding = false;
    await writer.seal();
    for (const arrive of held) await arrive();
    await store.settled();
    expect((await recordsOf(store, REF)).map(([, text]) => text)).toEqual(noise(0, 60).map(String));
    expect(writer.stats).toEqual(await store.stats(REF));
  });
});

describe('the end of a crawl', () => {
  it('leaves no long tail behind, though an object is being written when it comes', async () => {
    const moments = new EventEmitter();
    const begun = once(moments, 'begun');
    const goesOn = once(moments, 'goes on');
    const late: typeof bucket.objects = {
      ...bucket.objects,
      async put(key, body) {
        moments.emit('begun');
        await goesOn;
        return bucket.objects.put(key, body);
      },
    };
    const { store } = openStore(TINY, { ...bucket, objects: late });
    const writer = await store.openWriter(REF);
    writer.append(noise(0, 100));
    await writer.flush();
    await begun;
    writer.append(noise(100, 100));
    const sealed = writer.seal();
    moments.emit('goes on');
    await sealed;
    expect(await postgres.database('stream_chunks').count()).toEqual([{ count: '0' }]);
    expect(await recordsOf(store, REF)).toEqual(numbered(0, noise(0, 200)));
  });
});

describe('small streams', () => {
  it('of a thousand jobs go into one object of their project, and are read as before', async () => {
    const { store } = openStore({ rollBytes: 8 * 2 ** 20, sealedBytes: 64 * 1024, compactPieces: 256 });
    const refs = Array.from({ length: 1000 }, (_, job) => ({ ...REF, key: { ...REF.key, job } }));
    const other = { ...REF, key: { project: 8, spider: 1, job: 1 } };
    for (const ref of [...refs, other]) {
      const writer = await store.openWriter(ref);
      writer.append(linesFrom(0, 10, `job ${ref.key.job}`));
      await writer.seal();
    }
    await store.settled();
    expect(bucket.asked.PUT).toBe(0);
    const keep = keeper();
    while ((await keep.pack()).more);
    expect(bucket.asked.PUT).toBe(2);
    expect(await stored()).toHaveLength(2);
    const sample = refs[567] as typeof REF;
    bucket.asked.GET = 0;
    expect(await recordsOf(store, sample, { from: 4, to: 5 })).toEqual(
      numbered(4, linesFrom(4, 1, `job 567`)),
    );
    expect(bucket.asked.GET).toBe(1);
    expect(await postgres.database('stream_chunks').count()).toEqual([{ count: '0' }]);
    // A packed object goes with the last stream in it.
    await store.removeJobs(refs.slice(1).map(({ key }) => key));
    await keep.collect();
    expect(await stored()).toHaveLength(2);
    await store.removeJobs([REF.key]);
    await store.removeJobs([(refs[0] as typeof REF).key]);
    await keep.collect();
    expect(await stored()).toHaveLength(1);
    expect(await recordsOf(store, other)).toHaveLength(10);
  }, 240_000);

  it('of which one is damaged wait for nobody but that one', async () => {
    const { store } = openStore({ rollBytes: 8 * 2 ** 20, sealedBytes: 64 * 1024, compactPieces: 256 });
    const refs = Array.from({ length: 3 }, (_, job) => ({ ...REF, key: { ...REF.key, job } }));
    for (const ref of refs) {
      const writer = await store.openWriter(ref);
      writer.append([...noise(0, 40)]);
      await writer.flush();
      writer.append(linesFrom(40, 1));
      await writer.seal();
    }
    await postgres.database.raw(
      'update stream_chunks set crc = 1 where first = 40 and head_id = (select id from stream_heads where job = 1)',
    );
    const failures: unknown[] = [];
    const keep = keeper({ onError: (error: unknown) => failures.push(error) });
    expect(await keep.pack()).toEqual({ done: 2, more: true });
    expect(await keep.pack()).toEqual({ done: 0, more: false });
    expect(new Set(failures.map(String))).toEqual(
      new Set(['Error: the tail of 1/2/1/1/items cannot be read']),
    );
    expect(await stored()).toEqual(await named());
    for (const job of [0, 2]) expect(await recordsOf(store, refs[job] as typeof REF)).toHaveLength(41);
    expect(await postgres.database('stream_heads').where({ state: 'ready' }).pluck('job')).toEqual([1]);
  });

  it('share a smaller object once most of the others are gone', async () => {
    const { store } = openStore({ rollBytes: 8 * 2 ** 20, sealedBytes: 64 * 1024, compactPieces: 256 });
    const refs = Array.from({ length: 6 }, (_, job) => ({ ...REF, key: { ...REF.key, job } }));
    for (const [job, ref] of refs.entries()) {
      const writer = await store.openWriter(ref);
      writer.append(noise(job * 100, 40));
      await writer.seal();
    }
    await keeper().pack();
    const [old = ''] = await stored();
    const keep = keeper({ repackBytes: 0 });
    await store.removeJobs([{ ...REF.key, job: 0 }]);
    // It has most of what it had.
    expect(await keep.repack()).toEqual({ done: 0, more: true });
    expect(await keep.repack()).toEqual({ done: 0, more: false });
    for (const job of [1, 3, 4]) await store.removeJobs([{ ...REF.key, job }]);
    await store.setAside({ ...REF.key, job: 5 });
    expect(await keep.repack()).toEqual({ done: 1, more: true });
    await keep.collect();
    const [now = '', ...others] = await stored();
    expect([others, now === old, await named()]).toEqual([[], false, [now]]);
    expect(await keep.repack()).toEqual({ done: 0, more: false });
    await store.bringBack({ ...REF.key, job: 5 });
    for (const job of [2, 5])
      expect(await recordsOf(store, refs[job] as typeof REF)).toEqual(numbered(0, noise(job * 100, 40)));
    await store.removeJobs([{ ...REF.key, job: 2 }]);
    await store.removeJobs([{ ...REF.key, job: 5 }]);
    await keep.collect();
    expect(await stored()).toEqual([]);
  });

  it('stay in the old object when they change while it is written anew', async () => {
    const { store } = openStore({ rollBytes: 8 * 2 ** 20, sealedBytes: 64 * 1024, compactPieces: 256 });
    const refs = Array.from({ length: 6 }, (_, job) => ({ ...REF, key: { ...REF.key, job } }));
    for (const ref of refs) await store.write(ref, noise(0, 40), 0);
    await postgres.database.raw(`update stream_heads set state = 'ready', ready_at = now()`);
    await keeper().pack();
    const [steady, racer] = refs as [typeof REF, typeof REF];
    for (const { key } of refs.slice(2)) await store.removeJobs([key]);
    const own = index();
    const racing = {
      ...own,
      change: async (...args: Parameters<typeof own.change>) => {
        await store.write(racer, [Buffer.from('{"new":1}')], 7);
        return own.change(...args);
      },
    };
    expect(await keeper({ index: racing, repackBytes: 0 }).repack()).toMatchObject({ done: 1 });
    const keep = keeper({ repackBytes: 0 });
    while ((await keep.repack()).more);
    await keep.collect();
    expect(await stored()).toEqual(await named());
    const changed = noise(0, 40).with(7, Buffer.from('{"new":1}'));
    expect(await recordsOf(store, steady)).toEqual(numbered(0, noise(0, 40)));
    expect(await recordsOf(store, racer)).toEqual(numbered(0, changed));
  });

  it('that came back to life are packed once they are silent', async () => {
    const { store } = openStore({ rollBytes: 8 * 2 ** 20, sealedBytes: 64 * 1024, compactPieces: 256 });
    const writer = await store.openWriter(REF);
    writer.append(linesFrom(0, 3));
    await writer.seal();
    await keeper().pack();
    await store.write(REF, linesFrom(3, 2));
    expect(await keeper().pack()).toMatchObject({ done: 0 });
    await eventually(async () => {
      await keeper({ silentMs: 0 }).sealSilent();
      expect(await keeper().pack()).toMatchObject({ done: 1 });
    });
    expect(await recordsOf(store, REF)).toEqual(numbered(0, linesFrom(0, 5)));
  });
});

describe('verifying', () => {
  it('finds members that are damaged or gone, and objects that nothing names', async () => {
    const { store } = openStore();
    for (let job = 0; job < 3; job += 1)
      await store.write({ ...REF, key: { ...REF.key, job } }, noise(0, 200), 0);
    await store.settled();
    const verify = (fix: boolean) =>
      verifySegments({ index: index(), objects: bucket.objects, fix, olderMs: 0, onFound: () => {} });
    expect(await verify(false)).toMatchObject({ broken: 0, missing: 0, orphans: 0, members: 3 });
    const [gone, damaged] = await named();
    await bucket.objects.remove([gone as string]);
    await bucket.objects.put(damaged as string, Buffer.alloc(100_000));
    await bucket.objects.put(`${STREAMS}1/2/3/1/items/0-stray`, Buffer.from('stray'));
    expect(await verify(false)).toMatchObject({ broken: 1, missing: 1, orphans: 1, removed: 0 });
    expect(await verify(true)).toMatchObject({ broken: 1, missing: 1, orphans: 1, removed: 1 });
    expect(await verify(true)).toMatchObject({ orphans: 0 });
  });
});
