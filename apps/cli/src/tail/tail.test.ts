import type { JobDetails, RecordBatch } from '@spiderhub/core';
import { readTail, tail } from './tail.ts';

const KEY = { project: 1, spider: 2, job: 3 };
const line = (message: string, level = 20) => Buffer.from(JSON.stringify({ time: 0, level, message }));

it('reads a job and a level, and says how it is typed otherwise', () => {
  expect(readTail(['1/2/3'])).toEqual({ key: KEY, level: 10 });
  expect(readTail(['1/2/3', '--level', 'warning'])).toEqual({ key: KEY, level: 30 });
  for (const args of [[], ['1/2'], ['1/2/3', '4/5/6'], ['1/2/3', '--level', 'loud'], ['1/2/3', '--follow']])
    expect(() => readTail(args)).toThrow(/tail PROJECT|--level/);
});

/** What is written of a job that looks so, one look after the other, and whose attempts have these lines at the nth of them. */
async function written(
  looks: readonly object[],
  linesOf: (attempt: number, nth: number) => Buffer[],
): Promise<string[]> {
  let nth = -1;
  const texts: string[] = [];
  await tail(
    { key: KEY, level: 20 },
    {
      jobs: {
        async find() {
          nth += 1;
          return looks[nth] as JobDetails;
        },
      },
      streams: {
        mark: async ({ attempt }) => String(linesOf(attempt, nth).length),
        async *read({ attempt }, { from = 0 } = {}): AsyncGenerator<RecordBatch> {
          const lines = linesOf(attempt, nth).slice(from);
          if (lines.length > 0) yield { first: from, ts: 0, lines };
        },
      },
      write: (text) => void texts.push(text),
    },
  );
  return texts;
}

it('writes what comes, of every attempt, until the job is over', async () => {
  const looks = [
    { attempt: 1, state: 'running', lines: [line('one'), line('quiet', 10)] },
    { attempt: 1, state: 'running', lines: [line('one'), line('quiet', 10), line('two\u001b[2J', 40)] },
    { attempt: 2, state: 'finished', closeReason: 'finished', lines: [line('anew')] },
  ];
  const texts = await written(looks, (_attempt, nth) => looks[nth]?.lines ?? []);
  expect(texts.filter((text) => text !== '')).toEqual([
    '1970-01-01T00:00:00 INFO one\n',
    '1970-01-01T00:00:00 ERROR two\ufffd[2J\n',
    '-- attempt 2 --\n',
    '1970-01-01T00:00:00 INFO anew\n',
    '-- finished: finished --\n',
  ]);
});

it('writes the last lines of an attempt behind which another one began, and ends when the job is deleted', async () => {
  const looks = [
    { attempt: 1, state: 'running' },
    { attempt: 2, state: 'deleted' },
  ];
  const texts = await written(looks, (attempt, nth) => {
    if (attempt === 2) return [line('anew')];
    return nth === 0 ? [line('one')] : [line('one'), line('last')];
  });
  expect(texts.map((text) => text.replace(/^1970\S+ INFO /, ''))).toEqual([
    'one\n',
    'last\n',
    '-- attempt 2 --\n',
    'anew\n',
    '-- deleted: - --\n',
  ]);
});
