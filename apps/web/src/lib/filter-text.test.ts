import { tokensOf, valuesOf, withField, withToken } from './filter-text.ts';

it('takes quotes for one word', () => {
  expect(tokensOf('books args.q:"red shoes"  -tag:x')).toEqual(['books', 'args.q:"red shoes"', '-tag:x']);
  expect(tokensOf('an "open quote')).toEqual(['an', '"open quote']);
  expect(tokensOf('')).toEqual([]);
});

it('reads the values of a field, and not those of its negation', () => {
  expect(valuesOf('tag:a -tag:b tag:"c d" state:failed', 'tag')).toEqual(['a', 'c d']);
});

it('changes one field and leaves the rest as it was typed', () => {
  expect(withField('books state:failed -tag:x', 'state', 'running')).toBe('books -tag:x state:running');
  expect(withField('books state:failed', 'state', null)).toBe('books');
});

it('adds a condition once', () => {
  expect(withToken('a', 'tag', 'two words')).toBe('a tag:"two words"');
  expect(withToken('tag:x', 'tag', 'x')).toBe('tag:x');
});
