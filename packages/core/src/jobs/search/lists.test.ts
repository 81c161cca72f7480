import type { JobSearchView, Run } from '../../ports/job-search-view.ts';
import { aJob } from '../../testing/samples.ts';
import { createJobLists, readPlace, secondsOf, usualOf, writePlace } from './lists.ts';
import { readMoment } from './moment.ts';
import { emptySearch, searchedStates } from './search.ts';
import { nearestName, readTerms } from './terms.ts';

const NOW = new Date('2026-03-10T12:00:00Z');

function run(spider: number, items: number, seconds = 10): Run {
  const runningAt = new Date('2026-01-01T00:00:00Z');
  return {
    key: { project: 1, spider, job: 1 },
    state: 'finished',
    runningAt,
    stateSince: new Date(runningAt.getTime() + seconds * 1000),
    items,
    pages: 2 * items,
    errors: 0,
  } as Run;
}

function setUp(more: Partial<JobSearchView> = {}) {
  const asked: unknown[][] = [];
  const view = {
    page: async (...args: unknown[]) => {
      asked.push(args);
      return { jobs: [], next: { micros: '17', id: '9' } };
    },
    matching: async () => ({ count: 3, isExact: true }),
    runs: async () => [run(1, 10), run(1, 20), run(1, 30), run(2, 5)],
    finishedSince: async (_project: number, since: Date) => ({ failed: since }),
    waits: async (_project: number, ids: number[]) => ids.map((id) => ({ id, external: true })),
    ...more,
  } as unknown as JobSearchView;
  const projects = { queueCounts: async () => ({ pending: 1, running: 2, finished: 3 }) };
  return { asked, lists: createJobLists(view, projects as never, () => NOW) };
}

const question = { q: '', cursor: undefined, limit: 10, order: 'newest' as never };

it('counts what matches on the first page alone, and goes on where the page ended', async () => {
  const { lists, asked } = setUp();
  expect(await lists.list(1, question)).toMatchObject({ cursor: '17-9', matching: { count: 3 } });
  expect(await lists.list(1, { ...question, cursor: '17-9' })).toMatchObject({ matching: null });
  expect(asked[1]?.[2]).toMatchObject({ after: { micros: '17', id: '9' }, limit: 10 });
});

it.each(['', 'x', '1', '1-', '-1-2', '1-2-3', '1.5-2', `${'9'.repeat(18)}-1`, `1-${'9'.repeat(19)}`, ' 1-2'])(
  '%j is no place in a list',
  (cursor) => {
    expect(() => readPlace(cursor)).toThrow('cursor: is none of ours');
  },
);

it('reads the places that it writes', () => {
  const place = { micros: '1767225600000000', id: '123456789012345678' };
  expect(readPlace(writePlace(place))).toEqual(place);
});

it('failures of the last day stand beside what there is', async () => {
  expect(await setUp().lists.counts(1)).toEqual({
    pending: 1,
    running: 2,
    finished: 3,
    failed: new Date('2026-03-09T12:00:00Z'),
  });
});

it('what is usual is told for each spider, once, and not of too few runs', async () => {
  const usual = await setUp().lists.usualItems(1, [1, 2, 1, 3]);
  expect([...usual.entries()]).toEqual([
    [1, { median: 20, low: 12, high: 28, runs: 3 }],
    [2, null],
    [3, null],
  ]);
});

it('a job is compared with those before it', async () => {
  const { usual, lastGood } = await setUp().lists.usualBefore(aJob());
  expect(lastGood).toMatchObject({ items: 10 });
  expect(usual).toMatchObject({ errors: { median: 0 }, seconds: { median: 10 } });
  expect(usualOf([])).toEqual({ items: null, pages: null, errors: null, seconds: null });
});

it('a run lasts from its start to its end, and never less than nothing', () => {
  expect(secondsOf(run(1, 1, 90))).toBe(90);
  expect(secondsOf(run(1, 1, -5))).toBe(0);
  expect(secondsOf({ ...run(1, 1), runningAt: null })).toBeNull();
  expect(secondsOf({ ...run(1, 1), state: 'deleted' })).toBeNull();
});

it('asks why jobs wait only of those that do', async () => {
  const { lists } = setUp();
  const waiting = await lists.waiting(1, [
    aJob({ id: 1, state: 'pending' }),
    aJob({ id: 2, state: 'running' }),
  ]);
  expect([...waiting.keys()]).toEqual([1]);
  const never = setUp({ waits: () => Promise.reject(new Error('nobody waits')) });
  expect((await never.lists.waiting(1, [aJob()])).size).toBe(0);
});

it.each<[string, string | null]>([
  ['30m', '2026-03-10T11:30:00.000Z'],
  ['2 H', '2026-03-10T10:00:00.000Z'],
  ['1w', '2026-03-03T12:00:00.000Z'],
  ['0d', '2026-03-10T12:00:00.000Z'],
  ['2026-03-09', '2026-03-09T00:00:00.000Z'],
  ['2026-03-09T10:30:05.5', '2026-03-09T10:30:05.500Z'],
  ['2026-03-09T10:30+02:00', '2026-03-09T08:30:00.000Z'],
  ['2024-02-29', '2024-02-29T00:00:00.000Z'],
  ['999999w', '1970-01-01T00:00:00.000Z'],
  ['0001-01-01', '1970-01-01T00:00:00.000Z'],
  ['9999-12-31', '9999-12-31T00:00:00.000Z'],
  ['1000000d', null],
  ['-1d', null],
  ['1y', null],
  ['1.5h', null],
  ['2026-13-01', null],
  ['2026-03-09 10:30', null],
  ['2026-03-09T10', null],
  ['09.03.2026', null],
  ['', null],
])('%j is the moment %j', (text, moment) => {
  expect(readMoment(text, NOW)?.toISOString() ?? null).toBe(moment);
});

it('outcomes are searched among what is finished', () => {
  expect(searchedStates(emptySearch())).toBeNull();
  expect(searchedStates({ ...emptySearch(), states: ['ok', 'failed', 'pending', 'finished'] })).toEqual([
    'finished',
    'pending',
  ]);
});

it.each<[string, { field: string | null; value: string; isNot: boolean }[]]>([
  ['-a:b', [{ field: 'a', value: 'b', isNot: true }]],
  ['"a:b"', [{ field: null, value: 'a:b', isNot: false }]],
  ['a:"b c"d', [{ field: 'a', value: 'b cd', isNot: false }]],
  ['a:b:c', [{ field: 'a', value: 'b:c', isNot: false }]],
  ['a1:b', [{ field: null, value: 'a1:b', isNot: false }]],
  ['args."x:y":z', [{ field: 'args.x:y', value: 'z', isNot: false }]],
  ['""', [{ field: null, value: '', isNot: false }]],
  ['"a\\\\b"', [{ field: null, value: 'a\\b', isNot: false }]],
])('%s has the terms %j', (text, terms) => {
  expect(readTerms(text)).toEqual(terms);
});

it.each<[string, string | null]>([
  ['spidr', 'spider'],
  ['TAGS', 'tag'],
  ['xyz', null],
  ['', null],
  ['statee', 'state'],
])('%j was meant as %j', (text, name) => {
  expect(nearestName(text, ['spider', 'tag', 'state'])).toBe(name);
});
