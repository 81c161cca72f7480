import { REF, streamsOf, textOf } from '../../../testing/streams.ts';
import { compareItems } from './compare-items.ts';
import { fileReply } from './download.ts';
import { errorGroups, levelCounts, logReader, logView } from './logs.ts';
import { requestReader } from './requests.ts';
import { readSample, thinned } from './samples.ts';
import { lookBack, lookForward } from './search.ts';

const NUMBERS = Array.from({ length: 1000 }, (_, n) => `{"n":${n}}`);
/** Records whose number divides by 100. */
const hundreds = (line: Buffer) => {
  const { n } = JSON.parse(line.toString()) as { n: number };
  return n % 100 === 0 ? n : null;
};
const look = (from: number, limit: number) => ({ from, limit, end: 1000, read: hundreds });

it.each<[number, number, number[], number, boolean]>([
  [0, 3, [0, 100, 200], 201, false],
  [201, 3, [300, 400, 500], 501, false],
  [801, 9, [900], 1000, true],
  [1000, 9, [], 1000, true],
  [5000, 9, [], 5000, true],
])('forward from %d at most %d are %j', async (from, limit, found, scannedTo, done) => {
  const looked = await lookForward(streamsOf(NUMBERS, 50), REF, look(from, limit));
  expect(looked.found.map(({ n, value }) => [n, value])).toEqual(found.map((n) => [n, n]));
  expect(looked).toMatchObject({ scannedTo, done });
});

it.each<[number, number, number[], boolean]>([
  [1000, 3, [700, 800, 900], false],
  [700, 3, [400, 500, 600], false],
  [101, 9, [0, 100], true],
  [0, 9, [], true],
  [9999, 1, [900], false],
])('back from %d at most %d are %j', async (from, limit, found, done) => {
  const looked = await lookBack(streamsOf(NUMBERS, 50), REF, look(from, limit));
  expect(looked.found.map(({ n }) => n)).toEqual(found);
  expect(looked.done).toBe(done);
});

it('pages in either direction show each record once', async () => {
  const streams = streamsOf(NUMBERS, 7);
  const back: number[] = [];
  for (let from = 1000, done = false; !done; ) {
    const looked = await lookBack(streams, REF, look(from, 2));
    back.unshift(...looked.found.map(({ n }) => n));
    from = looked.scannedTo;
    done = looked.done;
  }
  const forward: number[] = [];
  for (let from = 0, done = false; !done; ) {
    const looked = await lookForward(streams, REF, look(from, 2));
    forward.push(...looked.found.map(({ n }) => n));
    from = looked.scannedTo;
    done = looked.done;
  }
  expect(forward).toEqual(Array.from({ length: 10 }, (_, n) => 100 * n));
  expect(back).toEqual(forward);
});

it('a search through much stops, says where, and can go on', async () => {
  const long = Array.from({ length: 12 }, (_, n) => `{"n":${n},"x":"${'y'.repeat(1_000_000)}"}`);
  const streams = streamsOf(long, 1);
  const nothing = { from: 0, end: 12, limit: 5, read: () => null };
  const first = await lookForward(streams, REF, nothing);
  expect(first).toMatchObject({ found: [], done: false });
  expect(first.scannedTo).toBeLessThanOrEqual(5);
  expect(first.scannedTo).toBeGreaterThan(0);
});

const log = (level: number, message: string, time = 0) => JSON.stringify({ time, level, message });

it('logs are read by level and by words in any case', () => {
  const reader = logReader(30, 'FAIL');
  expect(reader(Buffer.from(log(40, 'it failed')))).toMatchObject({ level: 40 });
  expect(reader(Buffer.from(log(20, 'it failed')))).toBeNull();
  expect(reader(Buffer.from(log(40, 'fine')))).toBeNull();
  expect(logReader(0, undefined)(Buffer.from('no json'))).toMatchObject({ message: '', time: null });
});

it('a long message is shortened between characters, and its length told', () => {
  expect(logView(3, { time: 5, level: 20, message: 'ab🐢' }, 3)).toEqual({
    n: 3,
    time: 5,
    level: 20,
    message: 'ab',
    size: 4,
  });
});

it('levels are ordered as numbers', () => {
  expect(levelCounts({ 100: 1, 20: 2, 40: 3 }).map(({ level }) => level)).toEqual([20, 40, 100]);
});

it('errors of one shape are one group, the most frequent first', async () => {
  const lines = [log(20, 'info'), log(40, 'no 1'), log(40, 'other'), log(50, 'no 2'), log(40, 'no 3')];
  expect(await errorGroups(streamsOf(lines, 2, { 20: 1, 40: 3, 50: 1 }), REF)).toEqual({
    groups: [
      { shape: 'no #', count: 3, first: 1, last: 4, example: 'no 1' },
      { shape: 'other', count: 1, first: 2, last: 2, example: 'other' },
    ],
    total: 4,
    isPartial: false,
  });
  expect(await errorGroups(streamsOf(lines, 2, { 20: 1 }), REF)).toEqual({
    groups: [],
    total: 0,
    isPartial: false,
  });
});

it('more kinds of errors than are shown are counted, but stand in no group', async () => {
  const lines = Array.from({ length: 300 }, (_, n) => log(40, `kind ${String.fromCharCode(0x4e00 + n)}`));
  const { groups, total } = await errorGroups(streamsOf(lines, 10, { 40: 300 }), REF);
  expect([groups.length, total]).toEqual([200, 300]);
});

const REQUEST =
  '{"time":5,"method":"GET","status":404,"url":"http://a/x","duration":7,"rs":9,"fp":"ab","parent":0}';

it.each<[{ status?: string; q?: string }, boolean]>([
  [{}, true],
  [{ status: '404' }, true],
  [{ status: '4xx' }, true],
  [{ status: '5xx' }, false],
  [{ status: '40' }, false],
  [{ q: '/x' }, true],
  [{ q: '/X' }, false],
  [{ status: '404', q: 'y' }, false],
])('a request is found by %j: %j', ({ status, q }, isFound) => {
  expect(requestReader({ status, q })(Buffer.from(REQUEST)) !== null).toBe(isFound);
});

it('of a request is read what is right, and nothing of what is not', () => {
  const read = requestReader({ status: undefined, q: undefined });
  expect(read(Buffer.from(REQUEST))).toMatchObject({ time: 5, size: 9, fingerprint: 'ab', parent: 0 });
  const odd = '{"time":"5","method":7,"status":null,"url":["x"],"duration":1e999,"rs":-1}';
  expect(read(Buffer.from(odd))).toEqual({
    time: null,
    method: '',
    status: null,
    url: '',
    duration: null,
    size: -1,
    fingerprint: null,
    parent: null,
  });
  expect(read(Buffer.from('[]'))).toMatchObject({ url: '', status: null });
  expect(requestReader({ status: '2xx', q: undefined })(Buffer.from('{"status":2}'))).toBeNull();
});

it.each<[string, (number | null)[] | null]>([
  ['[1,2,3,4,5,6]', [1, 2, 3, 4, 5, 6]],
  ['[1]', [1, null, null, null, null, null]],
  ['[1,"x",null,1e999,5,6,7]', [1, null, null, null, 5, 6]],
  ['["x",1]', null],
  ['{}', null],
  ['[]', null],
  ['no', null],
])('a sample of %s is %j', (line, sample) => {
  expect(readSample(Buffer.from(line))).toEqual(sample);
});

it('many samples become so many points, with the first, the last and the highest memory of each part', async () => {
  const lines = Array.from({ length: 100 }, (_, n) => JSON.stringify([n, n, 0, 0, 0, n === 37 ? 999 : 1]));
  for (const most of [2, 10, 50, 100, 500]) {
    const { points, total } = await thinned(streamsOf(lines, 9), REF, most);
    expect(total).toBe(100);
    expect(points.length).toBeLessThanOrEqual(most);
    expect([points[0]?.[0], points.at(-1)?.[0]]).toEqual([0, 99]);
    if (most >= 10) expect(Math.max(...points.map((point) => point[5] ?? 0))).toBe(999);
  }
  expect(await thinned(streamsOf([]), REF, 10)).toEqual({ points: [], total: 0 });
  expect((await thinned(streamsOf(lines.slice(0, 1)), REF, 1)).points).toHaveLength(1);
});

const itemsOf = (items: object[]) => streamsOf(items.map((item) => JSON.stringify(item)));
/** The items of two jobs, told apart by the attempt. */
function twoJobs(a: object[], b: object[]) {
  const sides = [itemsOf(a), itemsOf(b)];
  return { read: (ref: { attempt: number }) => sides[ref.attempt]?.read(ref as never) } as never;
}

it('items are compared by a field: the same, changed, and on one side alone', async () => {
  const streams = twoJobs(
    [{ id: 1, p: 1 }, { id: 2, p: 1 }, { id: 3, p: 1, q: 1 }, { id: '2', p: 1 }, { p: 9 }],
    [{ p: 1, id: 1 }, { id: 2, p: 2 }, { id: 3, r: 1, p: 1 }, { id: 4 }],
  );
  const { examples, ...counts } = await compareItems(streams, { ...REF, attempt: 0 }, REF, 'id');
  expect(counts).toEqual({ same: 1, changed: 2, onlyA: 1, onlyB: 1, isPartial: false });
  expect(examples).toEqual([
    { key: '2', kind: 'changed', fields: ['p'], a: 1, b: 1 },
    { key: '3', kind: 'changed', fields: ['q', 'r'], a: 2, b: 2 },
    { key: '"2"', kind: 'only a', fields: [], a: 3, b: null },
    { key: '4', kind: 'only b', fields: [], a: null, b: 3 },
  ]);
});

it('many differences are counted and some are shown', async () => {
  const many = Array.from({ length: 300 }, (_, id) => ({ id: `${'k'.repeat(600)}${id}` }));
  const { examples, onlyA } = await compareItems(twoJobs(many, []), { ...REF, attempt: 0 }, REF, 'id');
  expect([onlyA, examples.length, examples[0]?.key.length]).toEqual([300, 100, 500]);
});

const STATS = { records: 2, end: 2, counts: { a: 1, b: 2 } } as never;
const file = (
  format: string,
  more: object = {},
  stream = 'items',
  lines = ['{"a":"=1+1","b":1}', '{"b":2}'],
) =>
  fileReply(streamsOf(lines), { ...REF, stream } as typeof REF, STATS, {
    format,
    fields: null,
    guard: false,
    ...more,
  } as never);

it.each<[string, object, string]>([
  ['jl', {}, '{"a":"=1+1","b":1}\n{"b":2}\n'],
  ['json', {}, '[{"a":"=1+1","b":1},\n{"b":2}]'],
  ['csv', {}, 'b,a\n1,=1+1\n2,\n'],
  ['csv', { fields: ['a'] }, 'a\n=1+1\n\n'],
])('a file as %s with %j', async (format, more, text) => {
  expect(
    (await textOf(file(format, more).source)).replaceAll('\r\n', '\n').replaceAll('"=1+1"\n', '=1+1\n'),
  ).toBe(text);
});

it('a formula in a spreadsheet is a text when one asks for that', async () => {
  expect(await textOf(file('csv', { guard: true }).source)).not.toMatch(/(^|,)=1/m);
});

it('only logs are there as text', async () => {
  expect(() => file('txt')).toThrow('format: only logs');
  const text = await textOf(file('txt', {}, 'logs', [log(40, 'a\nb', 1_450_000_000_000)]).source);
  expect(text).toBe('2015-12-13T09:46:40 ERROR a\nb\n');
});
