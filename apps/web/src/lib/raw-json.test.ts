import { plain, readRaw } from './raw-json.ts';

it('keeps numbers to the digit, and what JSON does not know', () => {
  expect(readRaw('{"id": 1152921504606846976, "price": NaN, "low": -Infinity, "x": 1.50}')).toEqual({
    kind: 'object',
    entries: [
      ['id', { kind: 'value', text: '1152921504606846976' }],
      ['price', { kind: 'value', text: 'NaN' }],
      ['low', { kind: 'value', text: '-Infinity' }],
      ['x', { kind: 'value', text: '1.50' }],
    ],
  });
});

it('reads lists, names with escapes and twice the same name', () => {
  expect(readRaw('[[], {"a\\"b": "x\\n"}, {"n": 1, "n": 2}]')).toEqual({
    kind: 'list',
    items: [
      { kind: 'list', items: [] },
      { kind: 'object', entries: [['a"b', { kind: 'value', text: '"x\\n"' }]] },
      {
        kind: 'object',
        entries: [
          ['n', { kind: 'value', text: '1' }],
          ['n', { kind: 'value', text: '2' }],
        ],
      },
    ],
  });
});

it.each(['', '{"a": 1', '[1,]', '{"a"}', '"cut', '1 2', `${'['.repeat(200)}${']'.repeat(200)}`])(
  'takes %j for no JSON',
  (text) => expect(readRaw(text)).toBeNull(),
);

it.each([
  ['"a\\u00e9"', 'aé'],
  ['"cut in the mid', 'cut in the mid'],
  ['12', '12'],
])('shows %s as %s', (text, words) => expect(plain(text)).toBe(words));
