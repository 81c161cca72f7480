import type { Cron } from '../ports/cron.ts';
import type { PeriodicStore } from '../ports/periodic-store.ts';
import { ACTOR } from '../testing/samples.ts';
import { NEW_PERIODIC_PLAN, type PeriodicPlan, type PeriodicTask } from './periodic-job.ts';
import { createPeriodicJobs } from './periodic-jobs.ts';

const HOUR_MS = 3600_000;
const NOW = new Date(10 * HOUR_MS);
const cron: Cron = {
  checked: (text, timezone) => ({ cron: text.trim(), timezone }),
  next: (_cron, _zone, after) => new Date((Math.floor(after.getTime() / HOUR_MS) + 1) * HOUR_MS),
  zoneRules: 'test',
};
const TASK: PeriodicTask = {
  spider: 'a',
  args: {},
  command: null,
  priority: 2,
  units: 1,
  settings: {},
  environment: {},
};
const PLAN: PeriodicPlan = { ...NEW_PERIODIC_PLAN, cron: ' 0 * * * * ', tasks: [TASK] };

/** The store, in which somebody else changes the plan so many times before we can. */
function setUp({ others = 0, there = true } = {}) {
  const kept = {
    plan: { ...PLAN, id: 5, project: 1, createdBy: '', revision: 1, nextAt: new Date(99 * HOUR_MS) },
  };
  let left = others;
  const store = {
    find: async (_project: number, id: number) => (there && id === 5 ? kept.plan : null),
    async create(_actor: unknown, _project: number, plan: PeriodicPlan & { nextAt: Date }) {
      Object.assign(kept.plan, plan);
      return 5;
    },
    async replace(_actor: unknown, _project: number, { revision }: { revision: number }, plan: object) {
      if (left-- > 0)
        kept.plan = { ...kept.plan, revision: kept.plan.revision + 1, description: `other ${left}` };
      if (revision !== kept.plan.revision) return false;
      kept.plan = { ...kept.plan, ...plan, revision: revision + 1 };
      return true;
    },
    makeDue: async () => there,
  } as unknown as PeriodicStore;
  return { kept, jobs: createPeriodicJobs({ store, cron, now: () => NOW }) };
}

it('is placed at its next time, as cron reads it', async () => {
  const { jobs } = setUp();
  await expect(jobs.create(ACTOR, 1, PLAN)).resolves.toMatchObject({
    cron: '0 * * * *',
    nextAt: new Date(11 * HOUR_MS),
  });
});

it('keeps its place unless its times change', async () => {
  const { jobs, kept } = setUp();
  Object.assign(kept.plan, { cron: '0 * * * *' });
  const described = await jobs.change(ACTOR, 1, 5, (plan) => ({ ...plan, description: 'x' }));
  expect(described).toMatchObject({ description: 'x', nextAt: new Date(99 * HOUR_MS) });
  const moved = await jobs.change(ACTOR, 1, 5, (plan) => ({ ...plan, timezone: 'Asia/Tokyo' }));
  expect(moved.nextAt).toEqual(new Date(11 * HOUR_MS));
});

it('one that was disabled does not make up for what it missed', async () => {
  const { jobs, kept } = setUp();
  Object.assign(kept.plan, { cron: '0 * * * *', disabled: true, nextAt: new Date(2 * HOUR_MS) });
  const enabled = await jobs.change(ACTOR, 1, 5, (plan) => ({ ...plan, disabled: false }));
  expect(enabled.nextAt).toEqual(new Date(11 * HOUR_MS));
});

it('a change is made to what others have made of it meanwhile', async () => {
  const { jobs } = setUp({ others: 3 });
  const seen: string[] = [];
  await jobs.change(ACTOR, 1, 5, (plan) => {
    seen.push(plan.description);
    return { ...plan, tags: ['x'] };
  });
  expect(seen).toEqual(['', 'other 2', 'other 1', 'other 0']);
  await expect(setUp({ others: 9 }).jobs.change(ACTOR, 1, 5, (plan) => plan)).rejects.toMatchObject({
    code: 'periodic_job_changed',
  });
});

it('runs now what is there and not disabled', async () => {
  await expect(setUp().jobs.runNow(ACTOR, 1, 5)).resolves.toBeUndefined();
  await expect(setUp({ there: false }).jobs.runNow(ACTOR, 1, 5)).rejects.toMatchObject({
    code: 'periodic_job_not_found',
  });
  const { jobs, kept } = setUp();
  kept.plan.disabled = true;
  await expect(jobs.runNow(ACTOR, 1, 5)).rejects.toMatchObject({ code: 'periodic_job_disabled' });
});

it('shows when it would run, and checks as it would be saved', () => {
  const { jobs } = setUp();
  const endAt = new Date(12 * HOUR_MS);
  expect(jobs.preview({ ...PLAN, endAt }, 9)).toEqual([new Date(11 * HOUR_MS), endAt]);
  expect(() => jobs.preview({ ...PLAN, tasks: [] }, 9)).toThrow('tasks: This field is required.');
});

it.each<[Partial<PeriodicPlan>, string]>([
  [{ tasks: [] }, 'tasks: This field is required.'],
  [{ tasks: Array.from({ length: 101 }, () => TASK) }, 'tasks: more than 100 tasks'],
  [{ tasks: [{ ...TASK, args: { 'a=b': '1' } }] }, 'a=b: is no name'],
  [{ tasks: [{ ...TASK, args: { a: '\0' } }] }, 'a: NUL'],
  [{ tags: [' '] }, 'addtags: a tag has 1 to 255'],
  [{ tags: ['x'.repeat(256)] }, 'addtags: a tag has 1 to 255'],
  [{ tags: Array.from({ length: 1001 }, (_, n) => `${n}`) }, 'addtags: more than 1000'],
  [{ tags: ['\udfff'] }, 'addtags: unpaired'],
  [{ description: 'x'.repeat(1001) }, 'description: is longer'],
  [{ jitterSeconds: -1 }, 'jitter_seconds: expected a whole number'],
  [{ jitterSeconds: 1.5 }, 'jitter_seconds: expected a whole number'],
  [{ jitterSeconds: 3601 }, 'jitter_seconds: expected a whole number'],
  [{ jitterSeconds: Number.NaN }, 'jitter_seconds: expected a whole number'],
  [{ startAt: NOW, endAt: NOW }, 'end_at: must be after start_at'],
])('refuses %j', async (part, why) => {
  const { jobs, kept } = setUp();
  const before = { ...kept.plan };
  await expect(jobs.create(ACTOR, 1, { ...PLAN, ...part })).rejects.toThrow(why);
  await expect(jobs.change(ACTOR, 1, 5, (plan) => ({ ...plan, ...part }))).rejects.toThrow(why);
  expect(kept.plan).toEqual(before);
});

it.each<[string, Partial<PeriodicTask>]>([
  ['script_args', { command: ['a', 'b\0'] }],
  ['script_args', { command: ['\ud800'] }],
  ['job_settings', { settings: { 'A\0': '1' } }],
])('refuses %s that the database cannot read again', async (field, part) => {
  const { jobs, kept } = setUp();
  const before = kept.plan;
  const plan = { ...PLAN, tasks: [{ ...TASK, ...part }] };
  await expect(jobs.create(ACTOR, 1, plan)).rejects.toThrow(`${field}: `);
  expect(kept.plan).toBe(before);
});

it('lets others in while it looks for the times of many, and has none of what is disabled', async () => {
  const slow: Cron = {
    ...cron,
    next(...asked) {
      const untilMs = performance.now() + 3;
      while (performance.now() < untilMs);
      return cron.next(...asked);
    },
  };
  const jobs = createPeriodicJobs({ store: {} as PeriodicStore, cron: slow, now: () => NOW });
  let others = 0;
  const timer = setInterval(() => {
    others += 1;
  }, 1);
  const times = await jobs.upcoming(
    [{ ...PLAN, disabled: true }, ...Array.from({ length: 20 }, () => PLAN)],
    2,
  );
  clearInterval(timer);
  expect(others).toBeGreaterThan(2);
  expect(times[0]).toEqual([]);
  expect(times[20]).toEqual([new Date(11 * HOUR_MS), new Date(12 * HOUR_MS)]);
});
