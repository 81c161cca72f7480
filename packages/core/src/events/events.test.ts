import fc from 'fast-check';
import { anEvent } from '../testing/samples.ts';
import { dataOf, formatCursor, isBehind, isMeant, readCursor } from './events.ts';

const LOG = '0123456789abcdef';
const position = fc.record({
  log: fc.constant(LOG),
  xid: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  id: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
});

it('reads every cursor that it writes, with numbers of any size', () => {
  fc.assert(fc.property(position, (one) => expect(readCursor(formatCursor(one))).toEqual(one)));
});

it.each([
  '',
  'x',
  `${LOG}-1`,
  `${LOG}-1-2-3`,
  `${LOG}--2`,
  `${LOG}-1--2`,
  `${LOG}- 1-2`,
  `${LOG}-1-2\n`,
  `${LOG.toUpperCase()}-1-2`,
  `${LOG}0-1-2`,
  `${LOG}-1-18446744073709551616`,
  `${LOG}-18446744073709551616-1`,
  `${LOG}-1-9223372036854775808`,
])('%j is no cursor', (text) => {
  expect(readCursor(text)).toBeNull();
});

it('orders by transaction first, then by number', () => {
  fc.assert(
    fc.property(position, position, (a, b) => {
      const [one, other] = [formatCursor(a), formatCursor(b)];
      const expected = a.xid === b.xid ? a.id > b.id : a.xid > b.xid;
      expect(isBehind(one, other)).toBe(expected);
      expect(isBehind(one, one)).toBe(false);
    }),
  );
  expect(isBehind(`${LOG}-10-1`, `${LOG}-9-5`)).toBe(true);
  expect(() => isBehind('x', `${LOG}-1-1`)).toThrow('not a cursor');
});

it.each<[object, boolean]>([
  [{}, true],
  [{ projects: [1] }, true],
  [{ projects: [2] }, false],
  [{ projects: [] }, false],
  [{ types: ['job.finished'] }, true],
  [{ types: [] }, false],
  [{ projects: [1], types: ['job.started'] }, false],
])('an event is meant by %j: %j', (filter, meant) => {
  expect(isMeant(filter, anEvent())).toBe(meant);
});

it.each<[string | null, unknown]>([
  [null, null],
  ['{"a":[1,"two"]}', { a: [1, 'two'] }],
  ['{"a":NaN,"b":[-Infinity,Infinity]}', { a: null, b: [null, null] }],
  ['{"NaN":"NaN \\"Infinity","b":NaN}', { NaN: 'NaN "Infinity', b: null }],
  ['NaN', null],
  ['no JSON', null],
])('of %s it reads %j', (data, known) => {
  expect(dataOf({ data })).toEqual(known);
});
