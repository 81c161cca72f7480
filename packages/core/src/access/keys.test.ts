import { isMistyped, isRandomKey, keyHint, newApiKey } from './keys.ts';

const OLD = 'c0ffee00c0ffee00c0ffee00c0ffee00';

it('are recognised by anybody, and no two are the same', () => {
  const keys = Array.from({ length: 1000 }, newApiKey);
  expect(new Set(keys).size).toBe(1000);
  for (const key of keys) {
    expect(key).toMatch(/^sphub_[0-9A-Za-z]{36}$/);
    expect([isRandomKey(key), isMistyped(key)]).toEqual([true, false]);
    expect(keyHint(key)).toBe(key.slice(0, 10));
    // As clients of Scrapy Cloud take keys apart: at a colon, at slashes, and as hexadecimal digits.
    expect(key).not.toMatch(/[:/]|^[0-9a-f]+$/i);
  }
});

it('show that one digit is another than it was', () => {
  const key = newApiKey();
  for (let i = 'sphub_'.length; i < key.length; i += 1) {
    const wrong = `${key.slice(0, i)}${key[i] === 'x' ? 'y' : 'x'}${key.slice(i + 1)}`;
    expect([wrong, isMistyped(wrong), isRandomKey(wrong)]).toEqual([wrong, true, false]);
  }
});

it('of an earlier form, and chosen ones, are what they were', () => {
  expect([isRandomKey(OLD), isMistyped(OLD), keyHint(OLD)]).toEqual([true, false, 'c0ff']);
  for (const chosen of ['a-key-of-ones-own', 'sphub_short', `sphub_${'x'.repeat(40)}`])
    expect([isRandomKey(chosen), isMistyped(chosen)]).toEqual([false, false]);
});
