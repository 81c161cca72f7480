import { newName, positive } from './readers.ts';

it.each([
  ['Ann', 'Ann'],
  ['  Ann Ångström ', 'Ann Ångström'],
  ['x'.repeat(255), 'x'.repeat(255)],
])('takes %j', (text, name) => {
  expect(newName('--name', text)).toBe(name);
});

it.each([
  ['', '--name is required'],
  [' ', '--name is required'],
  ['a\nb', '--name: line breaks and other control characters cannot be part of it'],
  ['a\u001b[31mb', '--name: line breaks and other control characters'],
  ['a\u2028b', '--name: line breaks and other control characters'],
  ['x'.repeat(256), '--name: expected at most 255 characters, these are 256'],
])('refuses %j', (text, sentence) => {
  expect(() => newName('--name', text)).toThrow(sentence);
});

it.each(['0', '-1', '1.5', '1e3', '1000000000', '', ' 1'])(
  'says which whole numbers it takes for %j',
  (text) => {
    expect(() => positive('--id', text)).toThrow('--id: expected a whole number, 1 to 999999999');
  },
);
