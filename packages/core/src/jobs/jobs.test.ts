import type { ChangedJob, JobStore } from '../ports/job-store.ts';
import type { JobView } from '../ports/job-view.ts';
import { ACTOR } from '../testing/samples.ts';
import { createJobs } from './jobs.ts';
import type { ScheduleOutcome, ScheduleRequest } from './schedule.ts';
import { STORED_STATES, type StoredState, TRANSITIONS, type Verb } from './transitions.ts';

const REQUEST = { project: 1, spider: 'books', state: 'pending' } as ScheduleRequest;

function setUp({ outcomes = [] as ScheduleOutcome[], previous = 'running' as StoredState } = {}) {
  const told: string[] = [];
  const batches: ScheduleRequest[][] = [];
  const changed = [
    { previous, worker: 'w1' },
    { previous, worker: 'w1' },
    { previous, worker: null },
  ] as ChangedJob[];
  const store = {
    async schedule(batch: ScheduleRequest[]) {
      batches.push(batch);
      return batch.map((_, n) => outcomes[n] ?? { outcome: 'scheduled', id: n, spider: 2, job: n + 1 });
    },
    stop: async () => changed,
    remove: async () => changed,
    move: async () => changed,
    changeTags: async () => 3,
  } as unknown as JobStore;
  const signals = {
    stopRequested: (worker: string) => void told.push(worker),
    wakeLeader: () => void told.push('leader'),
  };
  return { told, batches, jobs: createJobs(store, {} as JobView, signals as never) };
}

const selection = { project: 1, keys: [], strict: false };
const ACTS: Partial<Record<Verb, (jobs: ReturnType<typeof setUp>['jobs']) => Promise<unknown>>> = {
  stop: (jobs) => jobs.stop(selection as never, { level: 1, by: ACTOR } as never),
  remove: (jobs) => jobs.remove(selection as never, ACTOR),
  'move to pending': (jobs) => jobs.move({ project: 1, state: 'pending' } as never),
  'move to running': (jobs) => jobs.move({ project: 1, state: 'running' } as never),
  'move to finished': (jobs) => jobs.move({ project: 1, state: 'finished' } as never),
};

const cases = Object.keys(ACTS).flatMap((verb) =>
  STORED_STATES.map((state): [Verb, StoredState] => [verb as Verb, state]),
);
it.each(cases)('%s of what was %s tells whom the table names, each once', async (verb, previous) => {
  const { jobs, told } = setUp({ previous });
  await ACTS[verb]?.(jobs);
  const tells = TRANSITIONS[verb][previous]?.tells ?? [];
  expect(told.toSorted()).toEqual([
    ...(tells.includes('leader') ? ['leader'] : []),
    ...(tells.includes('worker') ? ['w1'] : []),
  ]);
});

it('a stop that asks for nothing tells nobody', async () => {
  const { jobs, told } = setUp();
  await jobs.stop(selection as never, { level: 0, by: ACTOR } as never);
  await jobs.move({ project: 1, state: null } as never);
  expect(told).toEqual([]);
});

it('a move to deleted is a removal', async () => {
  const { jobs, told } = setUp();
  await jobs.move({ project: 1, state: 'deleted' } as never);
  expect(told).toEqual(['w1']);
});

it('jobs that come together are written together, and each has its own answer', async () => {
  const { jobs, batches } = setUp({
    outcomes: [
      { outcome: 'scheduled', id: 1, spider: 2, job: 9 },
      { outcome: 'duplicate' },
      { outcome: 'unknown_spider' },
      { outcome: 'full', error: new Error('full') as never },
    ],
  });
  await jobs.schedule({ ...REQUEST }).catch(() => {});
  const all = await Promise.allSettled(Array.from({ length: 4 }, () => jobs.schedule({ ...REQUEST })));
  const told = all.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message));
  expect(batches.map(({ length }) => length).reduce((a, b) => a + b)).toBe(5);
  if (batches.some(({ length }) => length === 4))
    expect(told).toEqual([
      { project: 1, spider: 2, job: 9 },
      'books already scheduled',
      'spider: books not found',
      'full',
    ]);
});

it.each<[ScheduleOutcome, object]>([
  [{ outcome: 'duplicate' }, { code: 'already_scheduled', kind: 'conflict' }],
  [{ outcome: 'unknown_spider' }, { code: 'spider_not_found', kind: 'not_found' }],
])('an outcome of %j', async (outcome, error) => {
  const { jobs, told } = setUp({ outcomes: [outcome] });
  await expect(jobs.schedule(REQUEST)).rejects.toMatchObject(error);
  expect(told).toEqual([]);
});

it('wakes the leader for what waits, and not for what somebody else runs', async () => {
  const { jobs, told } = setUp();
  await jobs.schedule({ ...REQUEST, state: 'running' });
  expect(told).toEqual([]);
  await jobs.schedule(REQUEST);
  expect(told).toEqual(['leader']);
});

it('tags are changed of some jobs, never of a whole project', async () => {
  const { jobs } = setUp();
  await expect(jobs.changeTags({ project: 1 }, { add: ['x'], remove: [] }, ACTOR)).rejects.toMatchObject({
    code: 'no_filter',
  });
  await expect(
    jobs.changeTags({ project: 1, spiders: ['a'] }, { add: ['x'], remove: [] }, ACTOR),
  ).resolves.toBe(3);
});
