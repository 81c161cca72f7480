import { changesOf } from './view.ts';

it.each([
  [[], [], [], []],
  [['a'], ['a', 'b'], ['b'], []],
  [['a', 'b'], ['c'], ['c'], ['a', 'b']],
  [['__proto__'], ['__proto__'], [], []],
])('from %j to %j', (before, after, added, removed) => {
  expect(changesOf(before, after)).toEqual({ added, removed });
});
