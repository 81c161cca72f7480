import { isolated } from './isolated.ts';

it('keeps plain names as they are', () => {
  expect(isolated('books 🕷')).toBe('books 🕷');
});

it('ends with a name what turns the text, also where the name has ends of its own', () => {
  expect(isolated('a\u202Eb')).toBe('\u2068a\u202Eb\u2069');
  expect(isolated('a\u2069\u202Eb\u2066')).toBe('\u2068a\u202Eb\u2069');
  expect(isolated('ספרים')).toBe('\u2068ספרים\u2069');
});
