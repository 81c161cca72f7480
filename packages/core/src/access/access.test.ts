import type { AccessStore } from '../ports/access-store.ts';
import { createAccess } from './access.ts';
import { ACTIONS, type Action } from './actions.ts';
import { hashApiKey } from './keys.ts';
import type { Principal, Project } from './principal.ts';

const MEMBER: Principal = { name: 'm', projects: new Set([1]), staff: false, organisations: [1] };
const STAFF: Principal = { name: 's', projects: new Set(), staff: true, organisations: [] };
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
    findProject: async (id) => (id === 1 ? PROJECT : id === 2 ? { ...PROJECT, id: 2 } : null),
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
    keys.set(hashApiKey('new').toString('hex'), { ...MEMBER, projects: new Set([1, 2]) });
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
    organisations: [],
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
    expect(access.account(crawl(false), 'projects.list')).toEqual({ name: 'job 1/2/3', projects: [1] });
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
