import type { Refusal } from '../audit/audit.ts';
import { accessErrors, serviceErrors } from '../errors.ts';
import type { Access } from './access.ts';
import { Caller } from './caller.ts';
import type { Principal, Project } from './principal.ts';

const WHO: Principal = {
  name: 'eve',
  user: 7,
  shown: { session: 70 },
  projects: new Map(),
  staff: false,
  organisations: new Map(),
};
const KEY = { project: 2, spider: 1, job: 1 };
const FROM = { address: '192.0.2.1', client: 'curl' };

/** Project 1 is the caller's, 2 is forbidden, 3 is not there, and for 4 the database is away. */
function setUp(who: Principal = WHO) {
  const refusals: Refusal[] = [];
  const entered: number[] = [];
  const answer = (project: number): Project => {
    if (project === 2) throw accessErrors.forbidden('not for readers');
    if (project === 3) throw accessErrors.projectNotFound(3);
    if (project === 4) throw serviceErrors.unavailable('the database');
    return { id: project, organisationId: 1, name: 'p', paused: false };
  };
  const access = {
    may: async (_who: Principal, _action: string, target: number | typeof KEY) =>
      answer(typeof target === 'number' ? target : target.project),
    mayIn: async (_who: Principal, _action: string, organisation: number) => {
      if (organisation === 3) throw accessErrors.forbidden('not a member');
      return organisation === 1 ? 'admin' : null;
    },
    rank: () => 'developer',
    mayAnywhere: () => {
      throw accessErrors.forbidden('only staff');
    },
    everywhere: () => [1],
    account: () => ({ user: 7 }),
    reach: () => null,
    organisations: () => new Map(),
    noteRefusal: (refusal: Refusal) => void refusals.push(refusal),
  } as unknown as Access;
  const rates = { enter: async (_who: Principal, project: number) => void entered.push(project) };
  const caller = new Caller(access, who, 'jobs.read', FROM, rates as never);
  return { caller, refusals, entered };
}

it('counts a request once for each project, however often it asks', async () => {
  const { caller, entered } = setUp();
  for (const project of [1, 1, 5, 1, 6, 5, 1]) await caller.may(project);
  await caller.may({ project: 6, spider: 1, job: 1 });
  expect(entered).toEqual([1, 5, 6]);
});

it('counts nothing for what it may not reach', async () => {
  const { caller, entered } = setUp();
  for (const project of [2, 3, 4]) await caller.may(project).catch(() => {});
  expect(entered).toEqual([]);
});

it('notes what is forbidden in the log of its place, and what is not there in that of nobody', async () => {
  const { caller, refusals } = setUp();
  await expect(caller.may(KEY, 'jobs.write' as never)).rejects.toMatchObject({ kind: 'forbidden' });
  await expect(caller.may(3)).rejects.toMatchObject({ kind: 'not_found' });
  await expect(caller.mayIn(3)).rejects.toMatchObject({ kind: 'forbidden' });
  expect(refusals.map(({ place, object, action }) => [place, object, action])).toEqual([
    [{ project: 2 }, 'project 2', 'jobs.write'],
    [null, 'project 3', 'jobs.read'],
    [{ organisation: 3 }, 'organisation 3', 'jobs.read'],
  ]);
  expect(refusals[0]?.actor).toMatchObject({ name: 'eve', user: 7, session: 70, ...FROM });
});

it('notes no failure of the service as a refusal', async () => {
  const { caller, refusals } = setUp();
  await expect(caller.may(4)).rejects.toMatchObject({ kind: 'unavailable' });
  expect(refusals).toEqual([]);
});

it('notes what is forbidden everywhere where the caller belongs, and of a key of a project nowhere', () => {
  const [user, key] = [setUp(), setUp({ ...WHO, user: null })];
  for (const { caller } of [user, key]) expect(() => caller.mayAnywhere()).toThrow('only staff');
  expect(user.refusals[0]?.place).toEqual({ user: 7 });
  expect(key.refusals[0]?.place).toBeNull();
});

it('answers whether something is allowed without noting it, and does not take a failure for a no', async () => {
  const { caller, refusals } = setUp();
  const allowed = await Promise.all([1, 2, 3].map((project) => caller.allows('jobs.read', project)));
  expect([allowed, refusals]).toEqual([[true, false, false], []]);
  await expect(caller.allows('jobs.read', 4)).rejects.toMatchObject({ kind: 'unavailable' });
});

it('knows whether the door was asked, also for nothing', async () => {
  const untouched = setUp().caller;
  await untouched.allows('jobs.read', 1);
  untouched.rank(1);
  expect(untouched.hasAsked).toBe(false);
  const { caller } = setUp();
  await caller.mayEach([]);
  expect([caller.hasAsked, caller.asked]).toEqual([true, []]);
  const refused = setUp().caller;
  await refused.mayEach([1, 2, 1]).catch(() => {});
  expect(refused.asked).toEqual([
    [1, 'jobs.read'],
    [2, 'jobs.read'],
  ]);
});

it('manages with what it is there, and staff with everything', async () => {
  expect(await setUp().caller.mayIn(1)).toMatchObject({ role: 'admin', rank: 'admin', staff: false });
  const staff = setUp({ ...WHO, staff: true }).caller;
  expect(await staff.mayIn(1)).toMatchObject({ role: 'admin', rank: 'owner', staff: true });
  expect(await staff.mayIn(2)).toMatchObject({ role: null, rank: 'owner' });
  expect(await setUp().caller.mayManage(1)).toMatchObject({ role: 'developer', rank: 'developer' });
});
