import { jobSearch } from './search.ts';

const NOTHING = {
  tab: undefined,
  attempt: undefined,
  line: undefined,
  level: undefined,
  item: undefined,
  find: undefined,
};

it.each([
  [
    { tab: 'log', line: 7, find: 12 },
    { tab: 'log', line: 7, find: '12' },
  ],
  [{ tab: 'nosuch', attempt: 'x', line: -1, level: 1.5, item: '3', find: '' }, {}],
])('%j is %j', (search, expected) => {
  const found = jobSearch(search);
  expect(found).toEqual({ ...NOTHING, ...expected });
  // What is not named is taken from the address by the router.
  expect(Object.keys(found).sort()).toEqual(Object.keys(NOTHING).sort());
});
