import { errorsIn, LOG_LEVELS, logLevelName } from './log-levels.ts';

it('every level is known by its name, and others by none', () => {
  for (const [name, level] of Object.entries(LOG_LEVELS)) expect(logLevelName(level)).toBe(name);
  expect(logLevelName(35)).toBeUndefined();
});

it.each([
  [{}, 0],
  [{ '10': 5, '20': 7, '30': 1 }, 0],
  [{ '20': 7, '40': 2, '50': 1, '45': 3 }, 6],
  [{ odd: 9, '40': 1 }, 1],
])('errors are counted from ERROR on: %j', (levels, errors) => {
  expect(errorsIn(levels)).toBe(errors);
});
