import { doInParts, type Progress } from './bulk.ts';

const report = (done: number, cursor: string | null) => ({ done, skipped: 1, refused: [], cursor });

it('goes on until there is no more, and adds up', async () => {
  const cursors: (string | undefined)[] = [];
  const told: Progress[] = [];
  const answers = [report(200, 'a'), report(200, 'b'), report(3, null)];
  const all = await doInParts(
    async ({ cursor }) => {
      cursors.push(cursor);
      return answers[cursors.length - 1] ?? report(0, null);
    },
    { q: 'state:failed' },
    (progress) => told.push(progress),
    () => false,
  );
  expect(cursors).toEqual([undefined, 'a', 'b']);
  expect(told.map(({ done, isOver }) => [done, isOver])).toEqual([
    [200, false],
    [400, false],
    [403, true],
  ]);
  expect([all.done, all.skipped]).toEqual([403, 3]);
});

it('ends between two calls when it is told to', async () => {
  let calls = 0;
  const result = await doInParts(
    async () => {
      calls += 1;
      return report(200, 'more');
    },
    { keys: ['1/1/1'] },
    () => {},
    () => calls === 2,
  );
  expect([calls, result.done, result.isOver]).toEqual([2, 400, false]);
});
