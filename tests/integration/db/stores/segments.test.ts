import type {
  AppendRequest,
  NewPiece,
  SegmentIndex,
  SegmentMember,
  StreamChange,
  StreamRef,
  TailPiece,
} from '@spiderhub/core';
import { createSegmentIndex } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../../support/team.ts';

const HOUR = 3_600_000;

let db: TestDatabase;
let index: SegmentIndex;
let project: number;
let ref: StreamRef;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  index = createSegmentIndex(db.database);
  project = (await makeTeam(db.database)).project;
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  await db.database('stream_heads').delete();
  await db.database('stream_garbage').delete();
  ref = { key: { project, spider: 1, job: count }, attempt: 0, stream: 'items' };
});

const piece = (first: number, text: string, records = 1): NewPiece => ({
  first,
  count: records,
  raw: text.length,
  crc: 7,
  isDeflated: false,
  bytes: Buffer.from(text),
  stats: `{"n":${records}}`,
});
const append = (pieces: NewPiece[], more: Partial<AppendRequest> = {}) =>
  index.append({ ref, pieces, ...more });

async function texts(of = ref, from = 0, to = 1e9): Promise<string[]> {
  const picture = await index.picture(of, from, to);
  return (picture?.tail ?? []).map(({ bytes }) => bytes.toString());
}
async function headOf(of = ref) {
  const head = await index.head(of);
  if (!head) throw new Error('no such stream');
  return head;
}

const member = (first: number, records: number, length: number): SegmentMember => ({
  first,
  count: records,
  raw: length,
  crc: 7,
  arrivals: [[first, 1000]],
  offset: 0,
  length,
});

/** The tail becomes an object, as packing makes it. */
async function pack(object: string, more: Partial<StreamChange> = {}): Promise<number[]> {
  const head = await headOf();
  const change: StreamChange = {
    id: head.id,
    project,
    version: head.version,
    tailFrom: 0,
    tailTo: head.end,
    addPieces: [],
    dropExtents: [],
    addExtents: [{ object, members: [member(head.membersEnd, head.end - head.membersEnd, 10)] }],
    next: { membersEnd: head.end, baseStats: '{"n":9}' },
    ...more,
  };
  await index.announce(object);
  return index.change([change], object);
}

describe('appending', () => {
  it('numbers what many write at the same moment without a gap, each once', async () => {
    const requests = Array.from({ length: 50 }, (_, i) => append([piece(0, `${i}`, (i % 3) + 1)]));
    const answers = await Promise.all(requests);
    const spans = answers
      .map((answer, i) => [answer?.first ?? -1, (i % 3) + 1] as const)
      .toSorted((a, b) => a[0] - b[0]);
    let next = 0;
    for (const [first, records] of spans) {
      expect(first).toBe(next);
      next += records;
    }
    expect((await headOf()).end).toBe(next);
    expect(await texts()).toHaveLength(50);
  });

  it('gives no two batches of a stream the same moment', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => append([piece(0, 'x')])));
    expect(new Set(answers.map((answer) => answer?.ts)).size).toBe(20);
    const reserved = await index.reserve(ref);
    expect(reserved?.ts).toBeGreaterThan(Math.max(...answers.map((answer) => answer?.ts ?? 0)));
    expect(await index.reserve({ ...ref, attempt: 9 })).toBeNull();
  });

  it('goes exactly behind the end where that is asked for', async () => {
    await append([piece(0, 'a', 3)]);
    expect(await append([piece(0, 'b')], { first: 4, isExact: true })).toBeNull();
    expect(await append([piece(0, 'b')], { first: 2, isExact: true })).toBeNull();
    expect(await append([piece(0, 'b')], { first: 3, isExact: true })).toMatchObject({ first: 3 });
    expect(await append([piece(0, 'b')], { first: 3, isExact: true })).toBeNull();
    expect((await headOf()).end).toBe(4);
    expect(await texts()).toEqual(['a', 'b']);
  });

  it('refuses numbers that are taken and leaves gaps where they are asked for', async () => {
    expect(await append([piece(0, 'a', 3)], { first: 0 })).toMatchObject({
      first: 0,
      tailPieces: 1,
      tailBytes: 1,
    });
    expect(await append([piece(0, 'b')], { first: 2 })).toBeNull();
    expect(await append([piece(0, 'c')], { first: 10 })).toMatchObject({ first: 10 });
    expect(await append([piece(0, 'd')])).toMatchObject({ first: 11, tailPieces: 3, tailBytes: 3 });
    expect((await headOf()).end).toBe(12);
  });

  it('lets one of two have a number that both ask for', async () => {
    const both = await Promise.all(['a', 'b'].map((text) => append([piece(0, text)], { first: 5 })));
    expect(both.filter((each) => each === null)).toHaveLength(1);
    expect(await texts()).toEqual([both[0] ? 'a' : 'b']);
  });

  it('keeps the pieces of one batch and of many streams apart', async () => {
    const refs = Array.from(
      { length: 12 },
      (_, i): StreamRef => ({ ...ref, attempt: i % 4, stream: i % 2 ? 'logs' : 'items' }),
    );
    await Promise.all(
      refs.map((each, i) => append([piece(0, `${i}-first`, 2), piece(2, `${i}-second`)], { ref: each })),
    );
    for (const each of new Set(refs.map(({ attempt, stream }) => `${attempt} ${stream}`))) {
      const [attempt, stream] = each.split(' ') as [string, 'items' | 'logs'];
      const found = await texts({ ...ref, attempt: Number(attempt), stream });
      const mine = refs.flatMap((one, i) =>
        one.attempt === Number(attempt) && one.stream === stream ? [i] : [],
      );
      expect(found.toSorted()).toEqual(mine.flatMap((i) => [`${i}-first`, `${i}-second`]).sort());
    }
  });

  it('takes a batch that is large by itself, bytes as they are', async () => {
    const bytes = Buffer.alloc(600 * 1024, Buffer.from([0, 255, 10, 13, 92]));
    await append([{ ...piece(0, ''), bytes, isDeflated: true }, piece(1, 'behind')]);
    const picture = await index.picture(ref, 0, 2);
    expect(picture?.tail[0]?.bytes.equals(bytes)).toBe(true);
    expect(picture?.tail.map(({ isDeflated }) => isDeflated)).toEqual([true, false]);
  });
});

describe('reading', () => {
  it('gives the pieces that a range touches, and nothing of a stream that is not there', async () => {
    for (const text of ['a', 'b', 'c']) await append([piece(0, text, 10)]);
    const range = async (from: number, to: number) => (await texts(ref, from, to)).join('');
    expect([await range(0, 1), await range(9, 10), await range(10, 11), await range(9, 11)]).toEqual([
      'a',
      'a',
      'b',
      'ab',
    ]);
    expect([await range(30, 99), await range(0, 99)]).toEqual(['', 'abc']);
    expect(await index.picture({ ...ref, stream: 'logs' }, 0, 1)).toBeNull();
    expect(await index.stats({ ...ref, stream: 'logs' })).toEqual({ end: 0, parts: [] });
  });

  it('sees every record in one place while they move into an object', async () => {
    for (let i = 0; i < 10; i++) await append([piece(0, 'x')]);
    const looks = Array.from({ length: 20 }, () => index.picture(ref, 0, 10));
    const packed = pack('o1');
    for (const picture of await Promise.all([...looks, packed.then(() => index.picture(ref, 0, 10))])) {
      const inTail = picture?.tail.reduce((sum, each) => sum + each.count, 0) ?? 0;
      const inObjects =
        picture?.extents.flatMap(({ members }) => members).reduce((sum, each) => sum + each.count, 0) ?? 0;
      expect(inTail + inObjects).toBe(10);
    }
    expect(await index.stats(ref)).toEqual({ end: 10, parts: ['{"n":9}'] });
  });
});

describe('changes', () => {
  it('are made of a stream that is as it was read, once', async () => {
    await append([piece(0, 'a')]);
    const before = await headOf();
    const change = (object: string) => pack(object, { version: before.version });
    const done = await Promise.all([change('o1'), change('o2')]);
    expect(done.filter(({ length }) => length === 1)).toHaveLength(1);
    const used = done[0]?.length ? 'o1' : 'o2';
    expect((await index.picture(ref, 0, 9))?.extents.map(({ object }) => object)).toEqual([used]);
    // The other object is garbage, and known to be.
    expect(await db.database('stream_garbage').pluck('object')).toEqual([used === 'o1' ? 'o2' : 'o1']);
    expect((await headOf()).version).toBe(before.version + 1);
  });

  it('are not made when something was added since, where that was said, and keep it otherwise', async () => {
    await append([piece(0, 'a')]);
    const { end, version } = await headOf();
    await append([piece(0, 'late')]);
    expect(await pack('o1', { version, end, tailTo: end })).toEqual([]);
    const members = [member(0, 1, 10)];
    const next = { membersEnd: 1, baseStats: null };
    expect(
      await pack('o2', { version, tailTo: end, addExtents: [{ object: 'o2', members }], next }),
    ).toHaveLength(1);
    expect(await texts()).toEqual(['late']);
    expect(await headOf()).toMatchObject({ end: 2, membersEnd: 1, tailBytes: 4, tailPieces: 1 });
  });

  it('are not made of a foreign project’s stream, or with an object that was taken away', async () => {
    await append([piece(0, 'a')]);
    expect(await pack('o1', { project: project + 1 })).toEqual([]);
    await index.announce('o2');
    expect((await index.upkeep.takeGarbage(0, 9)).sort()).toEqual(['o1', 'o2']);
    const head = await headOf();
    const change = {
      id: head.id,
      project,
      version: head.version,
      tailFrom: 0,
      tailTo: 1,
      addPieces: [],
      dropExtents: [],
    };
    const named = {
      ...change,
      addExtents: [{ object: 'o2', members: [member(0, 1, 3)] }],
      next: { membersEnd: 1, baseStats: null },
    };
    expect(await index.change([named], 'o2')).toEqual([]);
    expect(await texts()).toEqual(['a']);
    await index.upkeep.garbageGone(['o1', 'o2']);
    expect(await db.database('stream_garbage').pluck('object')).toEqual([]);
  });

  it('add up what a project stores, objects that go included', async () => {
    await append([piece(0, 'abcde')]);
    expect(await index.sizeOfProject(project)).toBe(5);
    await pack('o1');
    expect(await index.sizeOfProject(project)).toBe(10);
    const head = await headOf();
    const piecesBack: TailPiece[] = [{ ...piece(0, 'abc'), arrivals: [[0, 5]] }];
    const back = {
      tailTo: 0,
      dropExtents: [0],
      addExtents: [],
      addPieces: piecesBack,
      next: { membersEnd: 0, baseStats: null },
    };
    expect(
      await index.change([{ id: head.id, project, version: head.version, tailFrom: 0, ...back }], null),
    ).toEqual([head.id]);
    expect([await index.sizeOfProject(project), await texts()]).toEqual([3, ['abc']]);
    expect(await index.sizeOfProject(project + 1)).toBe(0);
  });
});

describe('upkeep', () => {
  const upkeep = () => index.upkeep;

  it('packs projects whose tails are large enough, or have waited', async () => {
    await append([piece(0, 'x'.repeat(50))]);
    expect(await upkeep().readyProject(0, 0)).toBeNull();
    await index.seal(ref);
    expect(await upkeep().readyProject(51, HOUR)).toBeNull();
    expect(await upkeep().readyProject(50, HOUR)).toBe(project);
    await db.database('stream_heads').update({ ready_at: new Date(Date.now() - HOUR) });
    expect(await upkeep().readyProject(51, HOUR)).toBe(project);
  });

  it('takes streams until they have so many bytes, the longest waiting first, and their whole tails', async () => {
    const refs = [1, 2, 3].map((attempt): StreamRef => ({ ...ref, attempt }));
    for (const each of refs) {
      await append([piece(0, 'aaaa'), piece(1, 'bbbb')], { ref: each });
      await index.seal(each);
    }
    const ready = async (bytes: number) =>
      (await upkeep().ready(project, bytes)).map((each) => each.ref.attempt);
    expect([await ready(1), await ready(8), await ready(9), await ready(99)]).toEqual([
      [1],
      [1],
      [1, 2],
      [1, 2, 3],
    ]);
    const [first] = await upkeep().ready(project, 1);
    const tails = await upkeep().tails([first?.head.id ?? 0, 999_999], 2 ** 20);
    expect(tails.get(first?.head.id ?? 0)?.map(({ bytes }) => bytes.toString())).toEqual(['aaaa', 'bbbb']);
    expect(tails.get(999_999)).toEqual([]);
  });

  it('seals what was silent for so long, and leaves what is written', async () => {
    await append([piece(0, 'a')]);
    expect(await upkeep().sealSilent(HOUR)).toBe(0);
    await db.database('stream_heads').update({ last_ts: Date.now() - 2 * HOUR });
    expect([await upkeep().sealSilent(HOUR), await upkeep().sealSilent(HOUR)]).toEqual([1, 0]);
    expect(await upkeep().readyProject(1, HOUR)).toBe(project);
  });

  it('takes away what nothing names for so long, and never what is in use', async () => {
    await append([piece(0, 'a')]);
    await pack('used');
    await index.announce('used');
    await index.announce('old');
    await db.database('stream_garbage').update({ since: new Date(Date.now() - 2 * HOUR) });
    await index.announce('young');
    expect([...(await upkeep().known(['used', 'old', 'young', 'other']))].sort()).toEqual([
      'old',
      'used',
      'young',
    ]);
    const taken = await Promise.all([upkeep().takeGarbage(HOUR, 9), upkeep().takeGarbage(HOUR, 9)]);
    expect(new Set(taken.flat())).toEqual(new Set(['old']));
    expect(await db.database('stream_garbage').orderBy('object').pluck('object')).toEqual(['old', 'young']);
    await upkeep().garbageGone(['old', 'young']);
    expect(await db.database('stream_garbage').pluck('object')).toEqual(['young']);
  });

  it('notes the objects of a job that is removed as garbage', async () => {
    await append([piece(0, 'a')]);
    await pack('o1');
    await index.removeJobs([ref.key]);
    expect([await index.head(ref), await db.database('stream_garbage').pluck('object')]).toEqual([
      null,
      ['o1'],
    ]);
  });

  it('walks over all streams and extents by number', async () => {
    for (const attempt of [0, 1, 2]) await append([piece(0, 'a')], { ref: { ...ref, attempt } });
    await pack('o1');
    const all = await upkeep().streams(0, 99);
    expect(all.map((each) => each.ref.attempt)).toEqual([0, 1, 2]);
    expect(await upkeep().streams(all[1]?.id ?? 0, 99)).toEqual([all[2]]);
    const [extent] = await upkeep().extents(0, 9);
    expect(extent).toMatchObject({ project, object: 'o1', members: [{ first: 0, count: 1, length: 10 }] });
    expect(await upkeep().extents(extent?.id ?? 0, 9)).toEqual([]);
  });

  it('sets the streams of a deleted job aside and brings them back as they were', async () => {
    await append([piece(0, 'a')]);
    await index.setAside(ref.key);
    expect([await index.head(ref), await texts()]).toEqual([null, []]);
    expect((await upkeep().streams(0, 9)).map(({ isAside }) => isAside)).toEqual([true]);
    await index.bringBack(ref.key);
    expect(await texts()).toEqual(['a']);
  });

  it('makes a stream of a name once', async () => {
    await upkeep().create(ref);
    await expect(upkeep().create(ref)).rejects.toThrow();
  });
});
