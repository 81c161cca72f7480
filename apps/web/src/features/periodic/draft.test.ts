import type { Schedule } from '../../api/schedules.ts';
import { bodyOf, emptyPlan, planOf } from './draft.ts';
import { isShown } from './shown.ts';

const schedule: Schedule = {
  id: 3,
  cron: '30 2 * * *',
  timezone: 'Europe/Berlin',
  startAt: '2026-03-28T23:00:00.000Z',
  endAt: null,
  overlap: 'queue',
  catchup: 'all',
  jitterSeconds: 30,
  disabled: false,
  description: 'Shops',
  tags: ['nightly'],
  tasks: [
    {
      spider: 'books',
      args: { pages: '2' },
      command: null,
      priority: 3,
      units: 2,
      settings: { DOWNLOAD_DELAY: 0.5, NAME: 'shop', DIGITS: '5', LIST: [1] },
      environment: { MODE: 'fast' },
    },
    {
      spider: 'py:hello.py',
      args: {},
      command: ['--all', 'x'],
      priority: 2,
      units: 1,
      settings: {},
      environment: {},
    },
  ],
  createdBy: 'jane',
  revision: 4,
  nextRuns: [],
  lastRun: null,
};

it('sends back what it was given', () => {
  const body = bodyOf(planOf(schedule));
  expect(schedule).toMatchObject(body);
  const decidedElsewhere = ['createdBy', 'disabled', 'id', 'lastRun', 'nextRuns', 'revision'];
  expect(new Set([...Object.keys(body), ...decidedElsewhere])).toEqual(new Set(Object.keys(schedule)));
});

it('shows times as clocks of the zone do, and texts that look like numbers as texts', () => {
  const plan = planOf(schedule);
  expect(plan.startAt).toBe('2026-03-29T00:00');
  expect(plan.tasks[0]?.settings).toEqual([
    { name: 'DOWNLOAD_DELAY', value: '0.5' },
    { name: 'NAME', value: 'shop' },
    { name: 'DIGITS', value: '"5"' },
    { name: 'LIST', value: '[1]' },
  ]);
});

it('leaves out rows without a name', () => {
  const empty = emptyPlan('UTC');
  const [task] = empty.tasks;
  if (!task) throw new Error('a plan begins with a task');
  const args = [
    { name: '', value: 'lost' },
    { name: 'a', value: '' },
  ];
  expect(bodyOf({ ...empty, tasks: [{ ...task, spider: 's', args }] }).tasks[0]?.args).toEqual({ a: '' });
});

it.each([
  ['all', '', true],
  ['active', 'shops NIGHTLY hello', true],
  ['active', 'berlin 02:30', true],
  ['all', 'shops daily', false],
  ['paused', '', false],
  ['did not start', '', false],
] as const)('of those that are %s, “%s” finds it: %s', (show, q, isFound) =>
  expect(isShown(schedule, show, q)).toBe(isFound),
);

it('finds those that did not start', () => {
  const run = { plannedAt: '', firedAt: '', reason: 'spider: books not found', jobs: [] };
  const refused = { ...schedule, lastRun: { ...run, outcome: 'refused' as const } };
  const overlapped = { ...schedule, lastRun: { ...run, outcome: 'overlap' as const } };
  expect([refused, overlapped].map((one) => isShown(one, 'did not start', ''))).toEqual([true, false]);
});
