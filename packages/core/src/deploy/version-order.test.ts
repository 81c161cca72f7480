import { compareVersions, inVersionOrder } from './version-order.ts';

/** In ascending order; the sequence is that of PEP 440's own examples, and what `packaging` says of the rest. */
const ASCENDING = [
  '1.dev0',
  '1.0.dev456',
  '1.0a1',
  '1.0a2.dev456',
  '1.0a12.dev456',
  '1.0a12',
  '1.0b1.dev456',
  '1.0b2',
  '1.0b2.post345.dev456',
  '1.0b2.post345',
  '1.0rc1.dev456',
  '1.0rc1',
  '1.0',
  '1.0+abc.5',
  '1.0+abc.7',
  '1.0+5',
  '1.0.post456.dev34',
  '1.0.post456',
  '1.0.15',
  '1.1.dev1',
  '1.9',
  '1.10',
  '9',
  '200',
  '1763712000',
  '98765432109876543210',
  '1!0.1',
];

describe('the order of versions', () => {
  it('is that of PEP 440', () => {
    for (const [i, a] of ASCENDING.entries()) {
      for (const [j, b] of ASCENDING.entries()) {
        expect([a, b, Math.sign(compareVersions(a, b) ?? Number.NaN)]).toEqual([a, b, Math.sign(i - j)]);
      }
    }
  });

  it.each([
    ['1.0', '1'],
    ['1.0', 'v1.0.0'],
    ['1.0a1', '1.0-ALPHA_1'],
    ['1.0rc1', '1.0.c1'],
    ['1.0rc2', '1.0preview2'],
    ['1.0.post1', '1.0-1'],
    ['1.0.post0', '1.0.rev'],
    ['1.0.dev0', '1.0-dev'],
    ['007', '7'],
    ['1.0+ubuntu-1', '1.0+ubuntu.1'],
  ])('takes %s and %s for the same', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
  });

  it.each(['1_0', 'r23', '', 'abc123', '1..0', '1.0+', '1.0 beta'])('does not know %j', (text) => {
    expect(compareVersions(text, '1.0')).toBeNull();
  });

  it('is that of deployment as soon as one name is no version number', () => {
    const named = (...names: string[]) => names.map((name) => ({ name }));
    expect(inVersionOrder(named('1.10', '1.9', '1.2'))).toEqual(named('1.2', '1.9', '1.10'));
    expect(inVersionOrder(named('1.10', 'nightly', '1.2'))).toEqual(named('1.10', 'nightly', '1.2'));
    expect(inVersionOrder(named('1.0.0', '1.0'))).toEqual(named('1.0.0', '1.0'));
  });
});
