import { winnersOf } from './winners.ts';

it('a setting of a later layer wins, and says what it stands before', () => {
  const winners = winnersOf([
    {
      layer: 'project',
      settings: [
        { name: 'RETRY_TIMES', value: '5' },
        { name: 'PROXY', value: null },
      ],
    },
    {
      layer: 'spider',
      settings: [
        { name: 'PROXY', value: '"none"' },
        { name: 'DELAY', value: '1' },
      ],
    },
  ]);
  expect(winners).toEqual([
    { name: 'DELAY', value: '1', layer: 'spider', instead: null },
    { name: 'PROXY', value: '"none"', layer: 'spider', instead: { value: null } },
    { name: 'RETRY_TIMES', value: '5', layer: 'project', instead: null },
  ]);
});
