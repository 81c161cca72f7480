import { sameRunKey } from './unique-keys.ts';

describe('the key of runs that count as the same', () => {
  const LONG = { url: `https://example.org/${'a'.repeat(300)}` };

  it('does not depend on the order of the arguments', () => {
    expect(sameRunKey('s', { a: '1', b: '2' })).toBe(sameRunKey('s', { b: '2', a: '1' }));
  });

  it('is short, however long they are', () => {
    expect(sameRunKey('s', LONG)).toMatch(/^run:[\w-]{43}$/);
    expect(sameRunKey('s', {}).length).toBeLessThan(48);
  });

  it('differs with spider, name and value', () => {
    const keys = [
      sameRunKey('s', {}),
      sameRunKey('t', {}),
      sameRunKey('s', { a: '1' }),
      sameRunKey('s', { a: '1,b' }),
      sameRunKey('s', { a: '1', b: '' }),
      sameRunKey('s', LONG),
      sameRunKey('t', LONG),
    ];
    expect(new Set(keys).size).toBe(keys.length);
  });
});
