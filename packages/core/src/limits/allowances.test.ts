import fc from 'fast-check';
import type { ServiceLimitStore } from '../ports/service-limit-store.ts';
import { checkRecords, createFileLimits } from './files.ts';
import { type Allowance, allowanceOf, createLimitBook } from './limit-book.ts';
import { limitErrors } from './limit-errors.ts';
import { limitOverview } from './overview.ts';
import { ceilingOf, checkStored, reached } from './pending.ts';
import { LIMIT_NAMES, NO_LIMITS, ServiceLimitChange, stricter } from './service-limits.ts';
import { createTurns } from './turns.ts';

const DEFAULTS = { ...NO_LIMITS, pendingJobs: 100, eggBytes: 10, burstSeconds: 5 };

function stored(more: Partial<Parameters<typeof allowanceOf>[0]> = {}) {
  return {
    organisation: 3,
    ofOrganisation: {},
    organisationBytes: 50,
    ofProject: {},
    projectBytes: 20,
    ...more,
  };
}

function bookOf(found: ReturnType<typeof stored> | null) {
  let asked = 0;
  let clock = 0;
  const store = {
    async find() {
      asked += 1;
      return found;
    },
  } as unknown as ServiceLimitStore;
  const book = createLimitBook(store, DEFAULTS, () => clock);
  return { book, asked: () => asked, pass: (ms: number) => (clock += ms) };
}

it('an organisation has what it was set, else the defaults of the service', () => {
  const { ofOrganisation } = allowanceOf(
    stored({ ofOrganisation: { pendingJobs: 7, webhooks: null } }),
    DEFAULTS,
  );
  expect(ofOrganisation).toEqual({ ...DEFAULTS, pendingJobs: 7, webhooks: null });
});

it('no limit, set for an organisation, is none even where there is a default', () => {
  expect(
    allowanceOf(stored({ ofOrganisation: { eggBytes: null } }), DEFAULTS).ofOrganisation.eggBytes,
  ).toBeNull();
});

it('a project has its own limits and no defaults, since its organisation is counted as a whole', () => {
  const { ofProject } = allowanceOf(stored({ ofProject: { webhooks: 2 } }), DEFAULTS);
  expect(ofProject).toEqual({ ...NO_LIMITS, webhooks: 2, burstSeconds: 5 });
});

it('of two limits the stricter holds, and none is no limit', () => {
  const limit = fc.option(fc.nat(), { nil: null });
  fc.assert(
    fc.property(limit, limit, (one, other) => {
      const both = stricter(one, other);
      expect(both).toBe(stricter(other, one));
      expect(both ?? Infinity).toBe(Math.min(one ?? Infinity, other ?? Infinity));
    }),
  );
});

it('is remembered for a second', async () => {
  const { book, asked, pass } = bookOf(stored());
  await Promise.all([book.ofProject(1), book.ofProject(1)]);
  expect(asked()).toBe(1);
  pass(1001);
  await book.ofProject(1);
  expect(asked()).toBe(2);
  expect(await bookOf(null).book.ofOrganisation(9)).toBeNull();
});

const CEILING = { project: 1, organisation: 3, ofProject: 5, ofOrganisation: 8 };

it.each<[number, number, number, string | null]>([
  [4, 7, 1, null],
  [5, 7, 1, 'project 1 has reached its limit of 5 jobs that wait'],
  [4, 8, 1, 'organisation 3 has reached its limit of 8 jobs that wait'],
  [5, 8, 1, 'project 1 has reached its limit'],
  [3, 0, 2, null],
  [3, 0, 3, 'project 1'],
  [5, 8, 0, null],
])('%d of 5 and %d of 8 with %d more', (project, organisation, more, why) => {
  const error = reached('pendingJobs', CEILING, { project, organisation }, more);
  if (why === null) expect(error).toBeNull();
  else expect(error).toMatchObject({ kind: 'forbidden', message: expect.stringContaining(why) as string });
});

it('what is stored must be below the limit, for the project and for its organisation', () => {
  const at = (more: object) => allowanceOf(stored(more), DEFAULTS);
  expect(() => checkStored(1, at({}))).not.toThrow();
  expect(() => checkStored(1, at({ ofProject: { storedBytes: 21 } }))).not.toThrow();
  expect(() => checkStored(1, at({ ofProject: { storedBytes: 20 } }))).toThrow('storedBytes: project 1');
  expect(() => checkStored(1, at({ ofOrganisation: { storedBytes: 50 } }))).toThrow('organisation 3');
});

it('a ceiling is of one name', () => {
  const allowance = allowanceOf(stored({ ofProject: { webhooks: 2 } }), DEFAULTS);
  expect(ceilingOf(1, allowance, 'webhooks')).toMatchObject({ ofProject: 2, ofOrganisation: null });
  expect(ceilingOf(1, allowance, 'pendingJobs')).toMatchObject({ ofProject: null, ofOrganisation: 100 });
});

it('an egg fits below both limits of one, and where there is room', async () => {
  const files = createFileLimits(bookOf(stored({ ofProject: { eggBytes: 8 } })).book);
  await expect(files.checkEgg(1, 8)).resolves.toBeUndefined();
  await expect(files.checkEgg(1, 9)).rejects.toMatchObject({
    kind: 'too_large',
    message: expect.stringContaining('more than 8') as string,
  });
  const full = createFileLimits(bookOf(stored({ ofProject: { storedBytes: 20 } })).book);
  await expect(full.checkEgg(1, 1)).rejects.toMatchObject({ code: 'limit_reached' });
  await expect(createFileLimits(bookOf(null).book).checkEgg(1, 1e9)).resolves.toBeUndefined();
});

it.each<[string, number | null]>([
  ['items', 4],
  ['logs', 6],
  ['requests', null],
  ['constructor', null],
])('%s of a job are at most %j', async (stream, most) => {
  const found = stored({ ofProject: { itemsPerJob: 4, logsPerJob: 9 }, ofOrganisation: { logsPerJob: 6 } });
  expect(await createFileLimits(bookOf(found).book).mostRecords(1, stream)).toBe(most);
});

it('records beyond the limit are refused by the name of the job', () => {
  const job = { project: 1, spider: 2, job: 3 };
  expect(() => checkRecords(job, 'items', 5, 5)).not.toThrow();
  expect(() => checkRecords(job, 'items', 6, 5)).toThrow(
    'itemsPerJob: job 1/2/3 has reached its limit of 5 items of a job',
  );
  expect(() => checkRecords(job, 'requests', 6, 5)).not.toThrow();
});

it('an overview shows of a project its own, of one job or egg what holds, and who set it', async () => {
  const found = stored({ ofProject: { eggBytes: 8, pendingJobs: 2 }, ofOrganisation: { itemsPerJob: 5 } });
  const store = {
    find: async () => found,
    usage: async () => ({ pendingJobs: 1 }),
  } as unknown as ServiceLimitStore;
  const { limits } = await limitOverview(store, DEFAULTS, { project: 1 });
  expect(limits.pendingJobs).toEqual({ limit: 2, isSet: true, used: 1 });
  expect(limits.itemsPerJob).toEqual({ limit: 5, isSet: false, used: null });
  expect(limits.runningJobs).toEqual({ limit: null, isSet: false, used: null });
  const whole = await limitOverview(store, DEFAULTS, { organisation: 3 });
  expect(whole.limits.pendingJobs).toEqual({ limit: 100, isSet: false, used: 1 });
  expect(whole.limits.itemsPerJob).toMatchObject({ limit: 5, isSet: true });
  const none = { find: async () => null } as unknown as ServiceLimitStore;
  await expect(limitOverview(none, DEFAULTS, { project: 1 })).rejects.toMatchObject({
    code: 'project_not_found',
  });
  await expect(limitOverview(none, DEFAULTS, { organisation: 1 })).rejects.toMatchObject({
    code: 'organisation_not_found',
  });
});

it.each(LIMIT_NAMES)('%s is changed to a count, to none or to the default, and to nothing else', (name) => {
  for (const good of [1, null, 'default'])
    expect(ServiceLimitChange.safeParse({ [name]: good }).success).toBe(true);
  for (const bad of [0, -1, 1.5, '5', 'none', true, 2 ** 53, Number.NaN, Infinity, {}, []])
    expect([bad, ServiceLimitChange.safeParse({ [name]: bad }).success]).toEqual([bad, false]);
});

it('nothing else is a limit', () => {
  expect(ServiceLimitChange.safeParse({ storedByte: 5 }).success).toBe(false);
  expect(ServiceLimitChange.safeParse({ runningJobs: 2 ** 31 }).success).toBe(false);
  expect(ServiceLimitChange.safeParse({ burstSeconds: 3601 }).success).toBe(false);
});

it('who is too fast is told for how long to wait, and who it is', () => {
  const error = limitErrors.tooFast({ caller: 'key 5' }, 10, 3);
  expect(error.message).toBe('Too many requests: key 5 may send 10 a second, try again in 3 s');
  expect(error.details).toEqual({ caller: 'key 5', retryAfterSeconds: 3 });
});

it('projects of one organisation stand in one line, and others pass', async () => {
  const organisations: Record<number, number> = { 1: 3, 2: 3, 4: 5 };
  const book = {
    ofProject: async (project: number) => ({ organisation: organisations[project] }) as Allowance,
  };
  const place = { all: 2, ofOne: 1 };
  const { lists } = createTurns(book, { lists: place, searches: place, downloads: place });
  const leave = await lists.enter(1);
  const order: string[] = [];
  const waits = lists.run(2, async () => void order.push('same organisation'));
  await lists.run(4, async () => void order.push('another'));
  leave();
  await waits;
  expect(order).toEqual(['another', 'same organisation']);
});
