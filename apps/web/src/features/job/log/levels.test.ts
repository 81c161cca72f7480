import { countFrom, firstLine, levelName } from './levels.ts';

it.each([
  [0, 'DEBUG'],
  [10, 'DEBUG'],
  [25, 'INFO'],
  [40, 'ERROR'],
  [99, 'CRITICAL'],
])('calls %d %s', (level, name) => expect(levelName(level)).toBe(name));

it('counts a level and all above', () => {
  const levels = [
    { level: 10, count: 5 },
    { level: 40, count: 2 },
    { level: 50, count: 1 },
  ];
  expect([countFrom(levels, 0), countFrom(levels, 30), countFrom([], 0)]).toEqual([8, 3, 0]);
});

it('shows the first line of many', () => {
  expect(firstLine('one')).toEqual({ text: 'one', more: 0 });
  expect(firstLine('one\n two\nthree\n')).toEqual({ text: 'one', more: 2 });
});
