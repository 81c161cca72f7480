import {
  type Destination,
  type LimitStore,
  type NetworkStore,
  type ProjectStore,
  type ServiceLimitStore,
  type SpiderStore,
  service,
} from '@spiderhub/core';
import {
  createLimitStore,
  createNetworkStore,
  createProjectStore,
  createServiceLimitStore,
  createSpiderStore,
  createStorageUsageStore,
} from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../../support/team.ts';

const me = service('me');

let db: TestDatabase;
let project: number;
let organisation: number;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  project = (await makeTeam(db.database, `team-${count}`)).project;
  organisation = (
    await db
      .database('organisations')
      .where({ name: `team-${count}` })
      .first('id')
  ).id;
});

const noted = (action: string) =>
  db
    .database('audit_log')
    .where({ action, project_id: project })
    .orderBy('id')
    .select('before', 'after', 'object');

describe('limits of a project and its spiders', () => {
  let limits: LimitStore;
  beforeAll(() => {
    limits = createLimitStore(db.database);
  });

  it('change what is named, take null as a value, and note what became another', async () => {
    await limits.change(me, project, null, {
      maxRunning: 3,
      weight: 2.5,
      policy: { maxAttempts: 4 } as never,
    });
    expect(await limits.change(me, project, null, {})).toMatchObject({ maxRunning: 3, weight: 2.5 });
    const now = await limits.change(me, project, null, { maxRunning: null, retention: { days: 7 } as never });
    expect(now).toMatchObject({ project, spider: null, maxRunning: null, weight: 2.5 });
    expect([now.policy, now.retention]).toEqual([{ maxAttempts: 4 }, { days: 7 }]);
    expect(
      (await noted('limits.changed')).map(({ before, after }) => [before.max_running, after.max_running]),
    ).toEqual([
      [null, 3],
      [3, null],
    ]);
  });

  it('are those of one spider, which has no weight', async () => {
    const of = (spider: string | null) => limits.change(me, project, spider, {});
    await limits.change(me, project, 'a', { maxRunning: 1, weight: 9 });
    expect(await of('a')).toMatchObject({ spider: 'a', maxRunning: 1, weight: null });
    expect([(await of('b')).maxRunning, (await of(null)).maxRunning]).toEqual([null, null]);
  });

  it('lose no field when two change different ones in the same moment', async () => {
    const fields = ['maxAttempts', 'timeoutSeconds', 'graceSeconds', 'stopSeconds'];
    await Promise.all(
      fields.map((field, i) => limits.change(me, project, null, { policy: { [field]: i } as never })),
    );
    const { policy } = await limits.change(me, project, null, {});
    expect(Object.keys(policy).sort()).toEqual(fields.toSorted());
  });

  it('are refused for what is not there', async () => {
    await expect(limits.change(me, 999_999, null, {})).rejects.toMatchObject({ kind: 'not_found' });
    await expect(limits.change(me, project, 'nobody', {})).rejects.toMatchObject({
      code: 'spider_not_found',
    });
  });
});

describe('limits of the service', () => {
  let limits: ServiceLimitStore;
  beforeAll(() => {
    limits = createServiceLimitStore(db.database);
  });

  it('are set, set to nothing, and set back to what holds for everybody', async () => {
    const place = { project };
    await limits.change(me, place, { pendingJobs: 10, storedBytes: null, runningJobs: 4 });
    expect((await limits.find(place))?.ofProject).toEqual({
      pendingJobs: 10,
      storedBytes: null,
      runningJobs: 4,
    });
    await limits.change(me, place, { pendingJobs: 'default', runningJobs: 'default' });
    expect((await limits.find(place))?.ofProject).toEqual({ storedBytes: null });
    await limits.change(me, { organisation }, { runningJobs: 7 });
    const found = await limits.find(place);
    expect([found?.organisation, found?.ofOrganisation]).toEqual([organisation, { runningJobs: 7 }]);
    await limits.change(me, { organisation }, { runningJobs: 'default' });
    expect((await limits.find({ organisation }))?.ofOrganisation).toEqual({});
  });

  it('of running jobs are the ones that the scheduler keeps to', async () => {
    await limits.change(me, { project }, { runningJobs: 4 });
    const { maxRunning } = await createLimitStore(db.database).change(me, project, null, {});
    expect(maxRunning).toBe(4);
    await createLimitStore(db.database).change(me, project, null, { maxRunning: 6 });
    expect((await limits.find({ project }))?.ofProject).toEqual({ runningJobs: 6 });
  });

  it('lose nothing when two change different ones in the same moment, and note only changes', async () => {
    const names = ['pendingJobs', 'storedBytes', 'eggBytes', 'schedules'];
    await Promise.all(names.map((name, i) => limits.change(me, { project }, { [name]: i + 1 } as never)));
    await limits.change(me, { project }, { [names[0] as string]: 1 } as never);
    expect(Object.keys((await limits.find({ project }))?.ofProject ?? {}).sort()).toEqual(names.toSorted());
    expect(await noted('limits.changed')).toHaveLength(4);
  });

  it('count the bytes of all projects of an organisation, and of no other', async () => {
    const usage = createStorageUsageStore(db.database);
    const [second] = await db
      .database('projects')
      .insert({ organisation_id: organisation, name: `second-${count}` })
      .returning('id');
    const other = await makeTeam(db.database, `other-${count}`);
    for (const [id, bytes] of [
      [project, 5],
      [second.id, 7],
      [other.project, 100],
    ] as const)
      await usage.save(id, bytes);
    expect(await limits.find({ project })).toMatchObject({ organisationBytes: 12, projectBytes: 5 });
    expect(await limits.find({ organisation })).toMatchObject({
      organisationBytes: 12,
      projectBytes: null,
      ofProject: null,
    });
    expect((await limits.usage({ organisation })).storedBytes).toBe(12);
    expect((await limits.usage({ project })).storedBytes).toBe(5);
  });

  it('are found for nothing that is not there', async () => {
    for (const place of [{ project: 999_999 }, { organisation: 999_999 }]) {
      expect(await limits.find(place)).toBeNull();
      await expect(limits.change(me, place, { pendingJobs: 1 })).rejects.toMatchObject({ kind: 'not_found' });
      expect(await limits.usage(place)).toEqual({
        pendingJobs: 0,
        runningJobs: 0,
        storedBytes: null,
        periodicJobs: 0,
      });
    }
  });
});

describe('networks that a project may reach', () => {
  let networks: NetworkStore;
  beforeAll(() => {
    networks = createNetworkStore(db.database);
  });
  const to = (network: string, firstPort = 1, lastPort = 65535): Destination => ({
    network,
    firstPort,
    lastPort,
  });
  const change = (allow: Destination[], remove: Destination[] = []) =>
    networks.change(me, project, { allow, remove });

  it('are kept once, in order, and removed by exactly what was allowed', async () => {
    await change([
      to('10.0.0.0/8'),
      to('10.0.0.0/8'),
      to('10.0.0.0/8', 80, 80),
      to('fd00::/8'),
      to('9.9.9.9/32'),
    ]);
    const all = [to('9.9.9.9/32'), to('10.0.0.0/8'), to('10.0.0.0/8', 80, 80), to('fd00::/8')];
    const { destinations } = await change([], [to('10.0.0.0/9'), to('10.0.0.0/8', 80, 81)]);
    expect(destinations).toEqual(expect.arrayContaining(all));
    expect(destinations).toHaveLength(4);
    expect((await change([], [to('10.0.0.0/8')])).destinations).toHaveLength(3);
  });

  it('are removed when they are both allowed and removed', async () => {
    await change([to('10.1.0.0/16')]);
    const both = [to('10.1.0.0/16'), to('10.2.0.0/16')];
    expect((await change(both, both)).destinations).toEqual([]);
  });

  it('are all there when many operators add at once', async () => {
    const each = Array.from({ length: 12 }, (_, i) => to(`10.${i}.0.0/16`));
    await Promise.all(each.map((one) => change([one])));
    const { destinations } = await change([]);
    expect(destinations).toHaveLength(12);
    expect((await networks.all()).find((one) => one.project === project)?.destinations).toEqual(destinations);
    expect(await noted('network.changed')).toHaveLength(12);
  });

  it('are those of no project that is not there', async () => {
    await expect(
      networks.change(me, 999_999, { allow: [to('10.0.0.0/8')], remove: [] }),
    ).rejects.toMatchObject({
      kind: 'not_found',
    });
    expect((await networks.all()).some((one) => one.project === 999_999)).toBe(false);
  });
});

describe('settings of a project', () => {
  let store: ProjectStore;
  beforeAll(() => {
    store = createProjectStore(db.database);
  });
  const set = (fields: Record<string, string>, remove: string[] = []) =>
    store.changeSettings(me, project, new Map(Object.entries(fields)), remove);

  it('stay the text that they came as', async () => {
    await set({ BIG: '12345678901234567890', FLOAT: '1.0', TEXT: '"\\u00e9"', LIST: '[1, 2,3]' });
    expect(Object.fromEntries(await store.settings(project))).toEqual({
      BIG: '12345678901234567890',
      FLOAT: '1.0',
      TEXT: '"\\u00e9"',
      LIST: '[1, 2,3]',
    });
  });

  it('lose none when many change different ones at once', async () => {
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => set({ [`S${i}`]: String(i) }, i === 11 ? ['NONE'] : [])),
    );
    expect((await store.settings(project)).size).toBe(12);
  });

  it('are refused when they are no JSON or too many, all of one call', async () => {
    await set({ KEPT: '1' });
    for (const bad of ["'x'", '{', 'NaN', '', '1 2'])
      await expect(set({ GOOD: '1', BAD: bad })).rejects.toMatchObject({ kind: 'invalid' });
    const long = JSON.stringify('x'.repeat(1024 * 1024));
    await expect(set({ LONG: long, LONGER: long })).rejects.toMatchObject({ kind: 'too_large' });
    expect([...(await store.settings(project)).keys()]).toEqual(['KEPT']);
  });

  it('may be removed however large they are, and are noted without secrets', async () => {
    const large = JSON.stringify({ A: 'x'.repeat(2 * 1024 * 1024), AWS_SECRET_ACCESS_KEY: 'planted' });
    await db.database.raw('update projects set settings = :large::json where id = :project', {
      large,
      project,
    });
    await set({}, ['AWS_SECRET_ACCESS_KEY', 'NOT_THERE']);
    expect([...(await store.settings(project)).keys()]).toEqual(['A']);
    expect(JSON.stringify(await noted('settings.changed'))).not.toContain('planted');
    await set({}, ['NOT_THERE']);
    expect(await noted('settings.changed')).toHaveLength(1);
  });
});

describe('tags of a spider', () => {
  let spiders: SpiderStore;
  beforeAll(() => {
    spiders = createSpiderStore(db.database);
  });

  it('are a sorted set, of which removing wins', async () => {
    const change = (add: string[], remove: string[] = []) =>
      spiders.changeTags(me, project, 1, { add, remove });
    expect((await change(['b', 'a', 'b']))?.tags).toEqual(['a', 'b']);
    expect((await change(['c', 'a'], ['a', 'z']))?.tags).toEqual(['b', 'c']);
    await change(['b'], []);
    expect(await noted('spider.tagged')).toHaveLength(2);
    expect(await spiders.changeTags(me, project, 999, { add: ['x'], remove: [] })).toBeNull();
  });

  it('are all there when several add at once', async () => {
    const tags = Array.from({ length: 10 }, (_, i) => `t${i}`);
    await Promise.all(tags.map((tag) => spiders.changeTags(me, project, 2, { add: [tag], remove: [] })));
    expect((await spiders.find(project, 2))?.tags).toEqual(tags);
  });

  it('come with the newest version in which the spider is', async () => {
    expect(await spiders.find(project, 1)).toMatchObject({ name: 'a', version: '1.0' });
    await db
      .database('versions')
      .where({ project_id: project })
      .update({ spiders: ['b'], scripts: ['a'] });
    expect(await spiders.find(project, 1)).toMatchObject({ name: 'a', version: null });
  });
});
