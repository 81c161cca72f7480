import type { JobKey, PageRequest } from '@spiderhub/core';
import { aJobDetails } from '@spiderhub/testkit';
import type { Parts } from '../../parts.ts';
import { FilterParams, ListParams, listLines, toFilter, toListOptions } from './list.ts';

const filterOf = (params: object) => toFilter(1, FilterParams.parse(params));

it.each<[object, object]>([
  [{}, { states: ['finished'] }],
  [{ state: 'running' }, { states: ['running'] }],
  [{ state: ['running', 'pending'] }, { states: ['running', 'pending'] }],
  [
    { spider: ['a', 'b'], has_tag: 'x', lacks_tag: [] },
    { states: ['finished'], spiders: ['a', 'b'], hasTag: ['x'] },
  ],
  [{ key: '1/2/3' }, { states: ['finished'], keys: [{ project: 1, spider: 2, job: 3 }] }],
  [
    { startts: '1000', endts: '2000' },
    { states: ['finished'], since: new Date(1000), until: new Date(2000) },
  ],
])('%j is the filter %j', (params, filter) => {
  expect(filterOf(params)).toEqual({ project: 1, ...filter });
});

it.each<[object, RegExp]>([
  [{ state: 'odd' }, /expected one of pending, running, finished, deleted/],
  [{ state: ['running', ''] }, /expected one of/],
  [{ state: 'toString' }, /expected one of/],
  [{ startts: 'soon' }, /milliseconds/],
])('%j is refused', (params, why) => {
  expect(FilterParams.safeParse(params).error?.issues[0]?.message).toMatch(why);
});

it('a key that is none is refused by its name', () => {
  expect(() => FilterParams.parse({ key: '1/2' })).toThrow(/^key: /);
  expect(() => toListOptions(1, ListParams.parse({ stop: '2/1/1' }))).toThrow(
    'stop: is a key of another project',
  );
});

it('a list has a thousand lines when nothing else is said', () => {
  expect(toListOptions(1, ListParams.parse({}))).toMatchObject({
    offset: 0,
    count: 1000,
    stop: null,
    jobmeta: [],
  });
});

function parts(count: number) {
  const asked: object[] = [];
  const all = Array.from({ length: count }, (_, n) =>
    aJobDetails({
      id: count - n,
      key: { project: 1, spider: 2, job: count - n },
      stateSince: new Date((count - n) * 1000),
    }),
  );
  const page = async (filter: { keys?: JobKey[] }, { offset, count: most }: PageRequest) => {
    asked.push({ offset, count: most, ...(filter.keys && { keys: filter.keys.length }) });
    const meant = all.filter(({ key }) => !filter.keys || filter.keys.some(({ job }) => job === key.job));
    return meant.slice(offset, offset + most);
  };
  const keys = async (_filter: object, { offset, count: most }: PageRequest) => {
    asked.push({ chosen: most });
    const chosen = all.slice(offset, offset + most).map(({ key }) => key);
    const pieces = Array.from({ length: Math.ceil(chosen.length / 500) }, (_, n) => n * 500);
    return pieces.map((at) => chosen.slice(at, at + 500));
  };
  const find = async ({ job }: { job: number }) => all.find(({ key }) => key.job === job) ?? null;
  return { asked, parts: { jobs: { page, keys, find }, now: () => new Date(0) } as unknown as Parts };
}

async function keys(count: number, options: object) {
  const { parts: services, asked } = parts(count);
  const found: string[] = [];
  const asIs = { filter: { project: 1 }, offset: 0, count: 1000, stop: null, jobmeta: [], ...options };
  for await (const line of listLines(services, asIs)) {
    expect(line.endsWith('\n')).toBe(true);
    found.push((JSON.parse(line) as { key: string }).key);
  }
  return { found, asked };
}

it('says first which jobs all its pages hold, and asks for none beyond', async () => {
  const { found, asked } = await keys(1200, { count: 1100 });
  expect(found).toHaveLength(1100);
  expect(found[0]).toBe('1/2/1200');
  expect(found.at(-1)).toBe('1/2/101');
  expect(asked).toEqual([
    { chosen: 1100 },
    { offset: 0, count: 500, keys: 500 },
    { offset: 0, count: 500, keys: 500 },
    { offset: 0, count: 100, keys: 100 },
  ]);
  expect((await keys(600, { count: 500, offset: 20 })).asked).toEqual([{ offset: 20, count: 500 }]);
  expect((await keys(3, { count: 0 })).asked).toHaveLength(0);
});

it('ends before the job at which it is to stop, and is whole when there is no such job', async () => {
  const stop = (job: number) => ({ stop: { project: 1, spider: 2, job } });
  expect((await keys(5, stop(3))).found).toEqual(['1/2/5', '1/2/4']);
  expect((await keys(5, stop(99))).found).toHaveLength(5);
  expect((await keys(5, { ...stop(2), offset: 2 })).found).toEqual(['1/2/3']);
});

it.each(['deleted', 'running'] as const)('stops where a job stood that is %s by now', async (state) => {
  const { parts: services } = parts(5);
  const all = await services.jobs.page({ project: 1 }, { count: 9, offset: 0 });
  const gone = { ...all[2], state, finishedAt: all[2]?.stateSince, stateSince: new Date(9e6) };
  const page = async () => all.filter((job) => job !== all[2]);
  const jobs = { ...services.jobs, page, find: async () => gone };
  const options = { filter: { project: 1, states: ['finished' as const] }, offset: 0, count: 9, jobmeta: [] };
  const listed: string[] = [];
  for await (const line of listLines({ ...services, jobs } as unknown as Parts, {
    ...options,
    stop: { project: 1, spider: 2, job: 3 },
  }))
    listed.push((JSON.parse(line) as { key: string }).key);
  expect(listed).toEqual(['1/2/5', '1/2/4']);
});
