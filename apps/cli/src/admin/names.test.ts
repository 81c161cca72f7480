import { newName } from './names.ts';

it.each([
  ['Ann', 'Ann'],
  ['  Ann Ångström ', 'Ann Ångström'],
  ['x'.repeat(255), 'x'.repeat(255)],
])('takes %j', (text, name) => {
  expect(newName('--name', text)).toBe(name);
});

it.each([
  [undefined, '--name is required'],
  [' ', '--name is required'],
  ['a\nb', '--name: line breaks and other control characters cannot be part of it'],
  ['a\u001b[31mb', '--name: line breaks and other control characters'],
  ['a\u2028b', '--name: line breaks and other control characters'],
  ['x'.repeat(256), '--name: expected at most 255 characters, these are 256'],
])('refuses %j', (text, sentence) => {
  expect(() => newName('--name', text)).toThrow(sentence);
});
