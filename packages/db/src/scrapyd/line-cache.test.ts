import { createLineCache } from './line-cache.ts';

it('keeps what is used and forgets the rest', () => {
  const cache = createLineCache(10);
  cache.set('kept', 'x');
  for (let i = 0; i < 100; i++) {
    cache.set(`n${i}`, String(i));
    expect(cache.get('kept')).toBe('x');
    expect(cache.get(`n${i}`)).toBe(String(i));
  }
  const left = Array.from({ length: 100 }, (_, i) => cache.get(`n${i}`)).filter(Boolean);
  expect(left.length).toBeLessThanOrEqual(20);
  expect(cache.get('n0')).toBeUndefined();
});
