import { isYes } from './yes.ts';

it.each(['1', 'true', 'True', 'y', 'Y', 'yes'])('%j says yes', (text) => expect(isYes(text)).toBe(true));
it.each(['0', 'false', 'no', '', ' 1', '11', 'yes!', undefined])('%j does not', (text) =>
  expect(isYes(text)).toBe(false),
);
