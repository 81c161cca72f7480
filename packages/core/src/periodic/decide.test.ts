import type { Cron } from '../ports/cron.ts';
import { type ActiveJob, decide } from './decide.ts';
import type { Overlap, PeriodicJob, PeriodicTask } from './periodic-job.ts';

const HOUR = 3600_000;
const NOW = new Date(10 * HOUR);

const cron: Cron = {
  checked: (text, timezone) => ({ cron: text, timezone }),
  next: (_cron, _zone, after) => new Date((Math.floor(after.getTime() / HOUR) + 1) * HOUR),
  zoneRules: 'test',
};
const rules = { cron, uniqueKey: (task: PeriodicTask) => `same ${task.spider}` };

function task(spider: string): PeriodicTask {
  return { spider, args: { a: '1' }, command: null, priority: 3, units: 2, settings: {}, environment: {} };
}

function periodic(more: Partial<PeriodicJob> = {}) {
  return {
    id: 5,
    project: 9,
    cron: '0 * * * *',
    timezone: 'UTC',
    overlap: 'skip' as const,
    catchup: 'all' as const,
    jitterSeconds: 0,
    startAt: null,
    endAt: null,
    disabled: false,
    description: '',
    tags: ['weekly'],
    tasks: [task('a'), task('b')],
    createdBy: 'me',
    revision: 1,
    ...more,
    nextAt: NOW,
  };
}

const active = (position: number, isPending = false): ActiveJob => ({
  task: position,
  key: { project: 9, spider: 1, job: 40 + position },
  isPending,
});

function started(overlap: Overlap, before: ActiveJob[]) {
  const [run] = decide(periodic({ overlap }), before, NOW, rules).runs;
  return {
    tasks: run?.requests.map((one) => one.task),
    unique: run?.requests.map(({ request }) => request.uniqueKey),
    stops: run?.stops.map(({ job }) => job),
    overlaps: run?.overlaps,
  };
}

it('asks for a job of each task, with what the task says', () => {
  const { runs, nextAt } = decide(periodic(), [], NOW, rules);
  expect(nextAt).toEqual(new Date(11 * HOUR));
  expect(runs).toHaveLength(1);
  expect(runs[0]?.requests.map(({ request }) => request)).toEqual(
    ['a', 'b'].map((spider, position) =>
      expect.objectContaining({
        project: 9,
        spider,
        args: { a: '1' },
        priority: 3,
        units: 2,
        tags: ['weekly'],
        scheduledBy: 'periodicjobs',
        state: 'pending',
        uniqueKey: `same ${spider}`,
        idempotencyKey: `periodic 5 ${NOW.getTime()} ${position}`,
      }),
    ),
  );
});

it.each<[Overlap, ActiveJob[], ReturnType<typeof started>]>([
  ['skip', [active(0)], { tasks: [1], unique: ['same b'], stops: [], overlaps: ['9/1/40 is still active'] }],
  [
    'skip',
    [active(0), active(1, true)],
    { tasks: [], unique: [], stops: [], overlaps: ['9/1/40 is still active', '9/1/41 is still active'] },
  ],
  ['allow', [active(0)], { tasks: [0, 1], unique: [null, null], stops: [], overlaps: [] }],
  ['queue', [active(0)], { tasks: [0, 1], unique: [null, 'same b'], stops: [], overlaps: [] }],
  [
    'queue',
    [active(0), active(0, true)],
    { tasks: [1], unique: ['same b'], stops: [], overlaps: ['9/1/40 is still active'] },
  ],
  [
    'replace',
    [active(0), active(0, true)],
    { tasks: [0, 1], unique: [null, 'same b'], stops: [40, 40], overlaps: [] },
  ],
])('%s beside %j', (overlap, before, expected) => {
  expect(started(overlap, before)).toEqual(expected);
});

it('starts together what is made up for together, each with a key of its own', () => {
  const late = { ...periodic(), nextAt: new Date(7 * HOUR) };
  const { runs } = decide(late, [], new Date(9.5 * HOUR), rules);
  const requests = runs.flatMap((run) => run.requests.map(({ request }) => request));
  expect(requests).toHaveLength(6);
  expect(new Set(requests.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(6);
  expect(requests.map(({ uniqueKey }) => uniqueKey)).toEqual(['same a', 'same b', null, null, null, null]);
});

it('stops what it replaces once, however many times are made up for', () => {
  const late = { ...periodic({ overlap: 'replace' }), nextAt: new Date(7 * HOUR) };
  const { runs } = decide(late, [active(0)], new Date(9.5 * HOUR), rules);
  expect(runs.flatMap(({ stops }) => stops)).toHaveLength(1);
});

it('asks for nothing at a time that was missed, and says why', () => {
  const late = { ...periodic({ catchup: 'skip' }), nextAt: new Date(9 * HOUR) };
  const [missed, kept] = decide(late, [], NOW, rules).runs;
  expect(missed).toEqual(expect.objectContaining({ requests: [], missed: 'nobody could run it then' }));
  expect(kept?.requests).toHaveLength(2);
});

it.each<[Overlap, number[]]>([
  ['skip', [2, 0]],
  ['queue', [2, 0]],
  ['replace', [2, 0]],
  ['allow', [2, 2]],
])('of two times that come due in the same moment %s starts %j', (overlap, expected) => {
  const everyMinute: Cron = { ...cron, next: (_cron, _zone, after) => new Date(after.getTime() + 60_000) };
  const job = { ...periodic({ overlap }), nextAt: new Date(NOW.getTime() - 60_000) };
  const { runs } = decide(job, [], NOW, { ...rules, cron: everyMinute });
  expect(runs.map(({ requests }) => requests.length)).toEqual(expected);
  expect(runs[1]?.overlaps).toEqual(
    overlap === 'allow' ? [] : [`what was planned for ${job.nextAt.toISOString()} starts at the same moment`],
  );
});
