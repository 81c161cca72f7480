import type { DomainError } from '../errors.ts';
import type { AccessStore } from '../ports/access-store.ts';
import { createAccess } from './access.ts';
import { ACTIONS, type Action, type ActionRule } from './actions.ts';
import { hashApiKey } from './keys.ts';
import type { Principal, Project } from './principal.ts';
import { ROLES, type Role } from './roles.ts';

/** Somebody who is this in organisation 1, to which project 1 belongs. */
function member(role: Role, projects: number[] = [1]): Principal {
  return {
    name: 'm',
    user: 1,
    shown: { session: 1 },
    projects: new Map(projects.map((id) => [id, { inherited: role, own: null }])),
    staff: false,
    organisations: new Map([[1, role]]),
  };
}
const MEMBER = member('owner');
const STAFF: Principal = { ...MEMBER, name: 's', projects: new Map(), organisations: new Map(), staff: true };
const PROJECT: Project = { id: 1, organisationId: 1, name: 'p', paused: false };

function setUp() {
  let clock = 0;
  const keys = new Map<string, Principal>([[hashApiKey('k').toString('hex'), MEMBER]]);
  let queries = 0;
  const store: AccessStore = {
    async findKey(hash) {
      queries += 1;
      return keys.get(hash.toString('hex')) ?? null;
    },
    findKeys: (hashes) => Promise.all(hashes.map((hash) => store.findKey(hash))),
    findDeadKey: async () => null,
    findProject: async (id) => (id === 1 ? PROJECT : id === 2 ? { ...PROJECT, id: 2 } : null),
    hasOrganisation: async (id) => id <= 2,
  };
  return {
    access: createAccess(store, () => clock),
    keys,
    queries: () => queries,
    pass: (ms: number) => {
      clock += ms;
    },
  };
}

describe('access', () => {
  it('knows keys by their hash and nobody else', async () => {
    const { access } = setUp();
    expect(await access.authenticate('k')).toBe(MEMBER);
    expect(await access.authenticate('K')).toBeNull();
    expect(await access.authenticate('')).toBeNull();
  });

  it('asks the store once a second, so a revoked key ends within it', async () => {
    const { access, keys, queries, pass } = setUp();
    await access.authenticate('k');
    await access.authenticate('k');
    expect(queries()).toBe(1);
    keys.clear();
    pass(1001);
    expect(await access.authenticate('k')).toBeNull();
  });

  it('never remembers a refusal: a new key and a new membership work at once', async () => {
    const { access, keys } = setUp();
    expect(await access.authenticate('new')).toBeNull();
    keys.set(hashApiKey('new').toString('hex'), MEMBER);
    expect(await access.authenticate('new')).toBe(MEMBER);

    await expect(access.may(MEMBER, 'jobs.read', 2)).rejects.toThrow('not found');
    keys.set(hashApiKey('new').toString('hex'), member('owner', [1, 2]));
    expect((await access.may(MEMBER, 'jobs.read', 2)).id).toBe(2);
  });

  it('answers a foreign project exactly like one that does not exist', async () => {
    const { access } = setUp();
    const messageFor = (id: number) =>
      access.may(MEMBER, 'jobs.read', id).then(
        () => 'reached',
        (error: Error) => error.message.replace(String(id), 'N'),
      );
    expect(await messageFor(1)).toBe('reached');
    expect(await messageFor(2)).toBe(await messageFor(3));
  });

  it('lets staff into every project that exists', async () => {
    const { access } = setUp();
    expect((await access.may(STAFF, 'jobs.read', 2)).id).toBe(2);
    await expect(access.may(STAFF, 'jobs.read', 3)).rejects.toThrow('not found');
  });
});

describe('a crawl with the token of its job', () => {
  const OWN = { project: 1, spider: 2, job: 3 };
  const crawl = (isOver: boolean): Principal => ({
    ...MEMBER,
    name: 'job 1/2/3',
    organisations: new Map(),
    job: { key: OWN, isOver },
  });
  const targets = { 'its own job': OWN, 'another job': { ...OWN, job: 4 }, 'its project': 1 };

  /** For which of these a crawl gets leave. */
  async function allowed(action: Action, isOver: boolean): Promise<string[]> {
    const { access } = setUp();
    const found: string[] = [];
    for (const [name, target] of Object.entries(targets)) {
      const answer = await access.may(crawl(isOver), action, target).catch((error: Error) => error);
      if (!(answer instanceof Error)) found.push(name);
    }
    return found;
  }

  const BY_RULE = {
    nothing: { running: [], over: [] },
    'own job': { running: ['its own job'], over: [] },
    'own job, late too': { running: ['its own job'], over: ['its own job'] },
    project: { running: ['its own job', 'another job', 'its project'], over: [] },
  };

  it.each(Object.entries(ACTIONS))('may do what the table says: %s', async (action, { crawl: rule }) => {
    const { running, over } = BY_RULE[rule ?? 'nothing'];
    expect(await allowed(action as Action, false)).toEqual(running);
    expect(await allowed(action as Action, true)).toEqual(over);
  });

  it('reaches no other project, and no list across projects', async () => {
    const { access } = setUp();
    const other = { ...OWN, project: 2 };
    await expect(access.may(crawl(false), 'items.read', other)).rejects.toThrow('the token is for job 1/2/3');
    await expect(access.may(crawl(false), 'collections.read', 2)).rejects.toThrow('not found');
    await expect(access.may(crawl(false), 'jobs.read', other)).rejects.toThrow('not found');
    expect(access.account(crawl(false), 'projects.list')).toEqual({
      name: 'job 1/2/3',
      user: 1,
      staff: false,
      organisations: new Map(),
      projects: [1],
    });
    for (const ask of [access.account, access.reach]) {
      expect(() => ask(crawl(false), 'account.read')).toThrow('is not good for this');
      expect(() => ask(crawl(true), 'projects.list')).toThrow('job 1/2/3 is over');
    }
    expect(() => access.everywhere(crawl(false), 'jobs.read')).toThrow('job tokens reach no other projects');
  });
});

it.each(Object.entries(ACTIONS).filter(([, { staffOnly }]) => staffOnly !== undefined))(
  'keeps %s for staff',
  async (action, { staffOnly }) => {
    const { access } = setUp();
    await expect(access.may(MEMBER, action as Action, 1)).rejects.toThrow(staffOnly);
    expect((await access.may(STAFF, action as Action, 1)).id).toBe(1);
  },
);

describe('roles', () => {
  const INHERITED = ROLES.map((role) => [role, member(role)] as const);
  const OWN = ROLES.map(
    (role) =>
      [
        role,
        {
          ...member(role),
          organisations: new Map(),
          projects: new Map([[1, { inherited: null, own: role }]]),
        },
      ] as const,
  );

  it.each([...INHERITED, ...OWN])(
    '%s may do in the project what the table says, and nothing else',
    async (role, who) => {
      const { access } = setUp();
      for (const [action, rule] of Object.entries(ACTIONS) as [Action, ActionRule][]) {
        const may = access.may(who, action, 1).then(
          () => 'yes',
          (error: DomainError) => error.kind,
        );
        expect([action, await may]).toEqual([action, rule.roles.includes(role) ? 'yes' : 'forbidden']);
        await expect(access.may(who, action, 2)).rejects.toMatchObject({ kind: 'not_found' });
      }
    },
  );

  it('of an organisation and of one of its projects add up', async () => {
    const { access } = setUp();
    const who = {
      ...member('developer'),
      projects: new Map([[1, { inherited: 'developer', own: 'operator' } as const]]),
    };
    expect((await access.may(who, 'project.deploy', 1)).id).toBe(1);
    expect((await access.may(who, 'jobs.delete', 1)).id).toBe(1);
    await expect(access.may(member('developer'), 'jobs.delete', 1)).rejects.toThrow(
      'jobs.delete needs another role',
    );
  });

  it('that were given a moment ago count at once', async () => {
    const { access, keys } = setUp();
    keys.set(hashApiKey('new').toString('hex'), member('reader'));
    const who = (await access.authenticate('new')) as Principal;
    await expect(access.may(who, 'jobs.run', 1)).rejects.toMatchObject({ kind: 'forbidden' });
    keys.set(hashApiKey('new').toString('hex'), member('operator'));
    expect((await access.may(who, 'jobs.run', 1)).id).toBe(1);
  });

  it('limit lists across projects, and where names are looked for', () => {
    const { access } = setUp();
    const who: Principal = {
      ...member('reader'),
      projects: new Map([
        [1, { inherited: 'reader', own: null }],
        [5, { inherited: null, own: 'operator' }],
      ]),
    };
    expect(access.everywhere(who, 'jobs.read')).toEqual([1, 5]);
    expect(access.everywhere(who, 'jobs.run')).toEqual([5]);
    expect(access.everywhere(STAFF, 'jobs.run')).toBeNull();
    expect(access.account(who, 'projects.list').projects).toEqual([1, 5]);
    expect(access.reach(who, 'jobs.read')).toEqual({ organisations: [1], projects: [5] });
    expect(access.reach(who, 'jobs.run')).toEqual({ organisations: [], projects: [5] });
    expect(() => access.reach(who, 'project.deploy')).toThrow('project.deploy needs another role');
  });

  it('count in organisations, and a foreign organisation is answered like one that does not exist', async () => {
    const { access } = setUp();
    expect(await access.mayIn(member('admin'), 'projects.create', 1)).toBe('admin');
    await expect(access.mayIn(member('reader'), 'projects.create', 1)).rejects.toMatchObject({
      kind: 'forbidden',
    });
    const refused = (id: number) =>
      access.mayIn(MEMBER, 'projects.create', id).catch((error: Error) => error.message);
    expect(await refused(2)).toBe('organisation: 2 not found');
    expect(await refused(3)).toBe('organisation: 3 not found');
    expect(await access.mayIn(STAFF, 'projects.create', 2)).toBeNull();
    await expect(access.mayIn(STAFF, 'projects.create', 3)).rejects.toMatchObject({ kind: 'not_found' });
  });
});
