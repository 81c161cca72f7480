import { differences, ranked } from './differences.ts';

const texts = (values: Record<string, string>) => new Map(Object.entries(values));

it('names what differs, and what only one of the two has', () => {
  expect(differences(texts({ a: '1', b: '2', c: '3' }), texts({ b: '2', c: '4', d: '5' }))).toEqual([
    { name: 'a', a: '1', b: null },
    { name: 'c', a: '3', b: '4' },
    { name: 'd', a: null, b: '5' },
  ]);
});

it('ranks numbers by how much they changed', () => {
  const all = differences(
    texts({ small: '100', large: '10', text: '"x"', zero: '0' }),
    texts({ small: '90', large: '30', text: '"y"', zero: '5' }),
  );
  expect(ranked(all).map(({ name, change }) => [name, change])).toEqual([
    ['large', 2],
    ['small', -0.1],
    ['text', null],
    ['zero', null],
  ]);
});
