import { filterRows, parseFilter } from './filter.ts';
import { parseRecord } from './parse.ts';
import { atHand, type Row } from './row.ts';

const PLAIN = JSON.stringify({
  n: 10,
  text: 'Hello World',
  numeric: '10',
  yes: true,
  none: null,
  empty: '',
  list: ['a', 'b', 3],
  emptyList: [],
  object: { x: 1 },
  emptyObject: {},
});
const RECORD = parseRecord(
  Buffer.from(`${PLAIN.slice(0, -1)},"big":12345678901234567890,"nan":NaN}`),
) as Record<string, unknown>;

const passes = (field: string, op: string, args: unknown[], quantifier?: 'any' | 'all') =>
  parseFilter(JSON.stringify([field, op, args]), quantifier)(RECORD);

describe('a filter', () => {
  it.each<[string, string, unknown[], boolean]>([
    ['n', '=', [10], true],
    ['n', '=', ['10'], true],
    ['numeric', '=', [10], true],
    ['n', '=', [11], false],
    ['n', '!=', [11], true],
    ['n', '!=', [10], false],
    ['absent', '!=', [10], true],
    ['absent', '=', [null], false],
    ['none', '=', [null], true],
    ['yes', '=', [true], true],
    ['yes', '=', [1], true],
    ['list', '=', [['a', 'b', 3]], true],
    ['n', '<', [11], true],
    ['n', '<', [10], false],
    ['n', '<=', [10], true],
    ['n', '>', [9.5], true],
    ['n', '>=', [11], false],
    ['numeric', '>', [9], true],
    ['text', '>', ['Hello'], true],
    ['text', '>', [5], false],
    ['text', '<', ['Hello'], false],
    ['big', '>', [1], true],
    ['nan', '>', [1], false],
    ['nan', '<=', [1], false],
    ['none', '<', [1], false],
    ['absent', '<', [1], false],
    ['text', 'contains', ['World'], true],
    ['text', 'contains', ['world'], false],
    ['text', 'icontains', ['wORLD'], true],
    ['n', 'contains', ['1'], true],
    ['absent', 'contains', ['x'], false],
    ['list', 'contains', ['a'], false],
    ['text', 'matches', ['^Hello\\s+W'], true],
    ['text', 'matches', ['world'], false],
    ['text', 'matches', ['(?i)world'], true],
    ['n', 'matches', ['^1'], true],
    ['n', 'exists', [], true],
    ['none', 'exists', [], true],
    ['absent', 'exists', [], false],
    ['absent', 'notexists', [], true],
    ['n', 'notexists', [], false],
    ['empty', 'isempty', [], true],
    ['emptyList', 'isempty', [], true],
    ['emptyObject', 'isempty', [], true],
    ['none', 'isempty', [], true],
    ['n', 'isempty', [], false],
    ['text', 'isnotempty', [], true],
    ['object', 'isnotempty', [], true],
    ['n', 'isnotempty', [], false],
    ['yes', 'isnotempty', [], false],
    ['absent', 'isnotempty', [], false],
    ['list', 'haselement', ['x', 'b'], true],
    ['list', 'haselement', [3], true],
    ['list', 'haselement', ['x'], false],
    ['text', 'haselement', ['H'], false],
    ['list', 'hasnotelement', ['x', 'y'], true],
    ['list', 'hasnotelement', ['x', 'a'], false],
    ['constructor', 'exists', [], false],
    ['__proto__', 'exists', [], false],
  ])('%s %s %j is %s', (field, op, args, expected) => expect(passes(field, op, args)).toBe(expected));

  it('asks for any or all of the elements of a list', () => {
    expect(passes('list', '=', ['a'], 'any')).toBe(true);
    expect(passes('list', '=', ['a'], 'all')).toBe(false);
    expect(passes('list', 'exists', [], 'all')).toBe(true);
    expect(passes('n', '=', [10], 'any')).toBe(false);
  });

  it.each([
    'x',
    '{}',
    '["a"]',
    '["a","="]',
    '["a","=",1]',
    '[1,"=",[1]]',
    '["a","=",[]]',
    '["a","=",[1,2]]',
    '["a","exists",[1]]',
    '["a","like",[1]]',
    '["a","constructor",[1]]',
    '["a","matches",["("]]',
    '["a","matches",["(?=x)"]]',
    JSON.stringify(['a', 'matches', ['x'.repeat(1001)]]),
  ])('is refused as %s', (text) => {
    expect(() => parseFilter(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });

  it('never takes longer than the text is long', () => {
    const test = parseFilter('["t","matches",["^(a+)+$"]]');
    // A backtracking engine would need longer than the universe is old.
    expect(test({ t: `${'a'.repeat(20_000)}b` })).toBe(false);
  });

  it('leaves out what is no record', async () => {
    const rows = ['{"n":1}', '[1]', 'broken', '{"n":2}'].map(
      (text): Row => ({ line: Buffer.from(text), key: null, ts: null }),
    );
    const kept: string[] = [];
    for await (const list of filterRows(atHand(rows), [parseFilter('["n",">",[0]]')])) {
      kept.push(...list.map(({ line }) => line.toString()));
    }
    expect(kept).toEqual(['{"n":1}', '{"n":2}']);
  });
});
