import fc from 'fast-check';
import { packRuns, unpackRuns } from './packs.ts';
import { assertLines, cutRun, cutRuns, endOf, joinRun, linesOf, type Run, skipLines } from './runs.ts';

const line = fc
  .uint8Array({ maxLength: 30 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 10 ? 11 : byte))));
const lines = fc.array(line, { minLength: 1, maxLength: 12 });
/** Runs with gaps between some of them, at different times. */
const runs = fc.array(fc.tuple(lines, fc.nat(2), fc.nat(3)), { maxLength: 8 }).map((all) => {
  let first = 0;
  return all.map(([list, gap, ts]) => {
    const run = joinRun(first + gap, ts, list);
    first = endOf(run);
    return run;
  });
});

/** Number, time and text of each record. */
function records(list: readonly Run[]): [number, number, string][] {
  return list.flatMap((run) =>
    linesOf(run).map((text, i): [number, number, string] => [run.first + i, run.ts, text.toString('latin1')]),
  );
}

it('lines come back as they were joined, empty ones too', () => {
  fc.assert(
    fc.property(lines, (list) => {
      const back = linesOf(joinRun(5, 1, list));
      expect(back).toHaveLength(list.length);
      for (const [i, one] of list.entries()) expect(back[i]?.equals(one)).toBe(true);
    }),
  );
  expect(() => assertLines([Buffer.from('a'), Buffer.from('b\nc')])).toThrow('line end');
});

it('a cut has the records of its range and no other', () => {
  fc.assert(
    fc.property(runs, fc.nat(60), fc.nat(60), (list, from, to) => {
      const expected = records(list).filter(([number]) => number >= from && number < to);
      expect(records(cutRuns(list, from, to))).toEqual(expected);
    }),
  );
  const run = joinRun(3, 0, [Buffer.from('a')]);
  expect(cutRun(run, 0, 99)).toBe(run);
  expect(cutRun(run, 4, 9)).toBeNull();
  expect(cutRun(run, 3, 3)).toBeNull();
});

it('records that are packed are all there, each once, in order, with their times', () => {
  fc.assert(
    fc.property(runs, fc.integer({ min: 1, max: 120 }), (list, limit) => {
      const packs = packRuns(list, limit);
      const back = packs.flatMap((pack) => unpackRuns(pack, Buffer.concat(pack.parts)));
      expect(records(back)).toEqual(records(list));
      for (const pack of packs) {
        expect(pack.raw).toBe(Buffer.concat(pack.parts).length);
        if (pack.count > 1) expect(pack.raw).toBeLessThanOrEqual(limit);
      }
    }),
    { numRuns: 300 },
  );
});

it('a record that is longer than a pack has one of its own', () => {
  const run = joinRun(
    0,
    0,
    ['a', 'x'.repeat(100), 'b'].map((text) => Buffer.from(text)),
  );
  expect(packRuns([run], 10).map(({ first, count }) => [first, count])).toEqual([
    [0, 1],
    [1, 1],
    [2, 1],
  ]);
});

it('a gap between numbers begins a pack, another time does not', () => {
  const one = (first: number, ts: number) => joinRun(first, ts, [Buffer.from('a')]);
  expect(packRuns([one(0, 1), one(1, 2), one(3, 2)]).map(({ first, ts }) => [first, ts])).toEqual([
    [
      0,
      [
        [0, 1],
        [1, 2],
      ],
    ],
    [3, [[3, 2]]],
  ]);
});

it('there are no more lines than there are', () => {
  const bytes = Buffer.from('a\nb\nc');
  expect([0, 1, 2, 3].map((count) => skipLines(bytes, 0, count))).toEqual([0, 2, 4, -1]);
});
