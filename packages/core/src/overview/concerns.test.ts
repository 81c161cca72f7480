import type { Run } from '../ports/job-search-view.ts';
import { concernsOf, lostFields, type Trouble, troubleOf } from './concerns.ts';

const run = (items: number, closeReason = 'finished'): Run => ({
  id: 1,
  key: { project: 1, spider: 1, job: 1 },
  state: 'finished',
  attempt: 1,
  closeReason,
  items,
  pages: 0,
  errors: 0,
  version: null,
  runningAt: null,
  stateSince: new Date(0),
});
const usual = [run(100), run(90), run(110)];

it.each<[string, Run[], Trouble['kind'] | null]>([
  ['never ran', [], null],
  ['is as usual', [run(100), ...usual], null],
  ['failed', [run(0, 'memusage_exceeded'), ...usual], 'failed'],
  ['was cancelled', [run(0, 'cancelled'), ...usual], null],
  ['gave nothing', [run(0), ...usual], 'no items'],
  ['never gives anything', [run(0), run(0), run(0), run(0)], null],
  ['has no past', [run(0)], null],
  ['gave less', [run(59), ...usual], 'fewer items'],
  ['gave more', [run(141), ...usual], 'more items'],
  ['failed before, which says nothing of what is usual', [run(100), run(1, 'failed'), ...usual], null],
])('a spider that %s', (_what, runs, kind) => {
  expect(troubleOf({ name: 'a', number: 1 }, runs)?.kind ?? null).toBe(kind);
});

it('one cause is one line, the one with the most spiders first', () => {
  const failed = (spider: string, detail: string | null): Trouble => ({
    kind: 'failed',
    spider,
    number: 1,
    run: null,
    closeReason: 'failed',
    detail,
    usual: null,
  });
  const lost: Trouble = { ...failed('z', 'price'), kind: 'lost field', closeReason: 'finished' };
  const concerns = concernsOf([
    failed('x', null),
    failed('b', 'Proxy down'),
    lost,
    failed('a', 'Proxy down'),
  ]);
  expect(concerns.map(({ cause }) => cause)).toEqual([
    '2 spiders ended with failed: Proxy down',
    'x ended with failed',
    'z lost the field price',
  ]);
  expect(concerns[0]?.troubles.map(({ spider }) => spider)).toEqual(['a', 'b']);
});

it('fields are lost that nearly all items had', () => {
  const before = new Map([
    ['name', 1],
    ['price', 0.9],
    ['rare', 0.1],
  ]);
  expect(lostFields(new Map([['name', 1]]), before)).toEqual(['price']);
  expect(lostFields(before, before)).toEqual([]);
});
