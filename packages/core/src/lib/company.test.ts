import { createCompany } from './company.ts';

let now = 0;
const company = () => createCompany({ awayMs: 1000, now: () => now });
beforeEach(() => {
  now = 0;
});

it('leaves a tenant alone until somebody else comes', () => {
  const { come, isAlone } = company();
  expect(isAlone('a')).toBe(true);
  come('a');
  come('a');
  expect([isAlone('a'), isAlone('b')]).toEqual([true, false]);
  come('b');
  expect([isAlone('a'), isAlone('b'), isAlone('c')]).toEqual([false, false, false]);
});

it('remembers the other one behind any number of requests of the first, for a while after its last', () => {
  const { come, isAlone } = company();
  come('b');
  for (let n = 0; n < 100; n += 1) {
    now += 10;
    come('a');
  }
  expect(isAlone('a')).toBe(false);
  now += 1;
  expect(isAlone('a')).toBe(true);
  come('b');
  expect(isAlone('a')).toBe(false);
});

it('is with each of three', () => {
  const { come, isAlone } = company();
  for (const tenant of ['a', 'b', 'c']) come(tenant);
  now += 999;
  expect(['a', 'b', 'c'].map(isAlone)).toEqual([false, false, false]);
});
