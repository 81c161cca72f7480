import { COMMAND } from '@spiderhub/core';
import {
  createAttemptStore,
  createDispatchStore,
  createScrapydStore,
  createVersionStore,
} from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { type ScrapydUnderTest, startScrapydDialect } from './support.ts';

const VERSION = {
  eggSha256: 'x',
  image: null,
  eggSizeBytes: 1,
  extraEggs: [],
  requirements: null,
  stack: null,
  settingsModule: 's',
  spiders: ['a'],
  scripts: [],
  deployedBy: 'shub',
};

let scrapyd: ScrapydUnderTest;
beforeEach(async () => {
  scrapyd = await startScrapydDialect();
});
afterEach(() => scrapyd.close());

async function versions(project: string): Promise<string[]> {
  return (await scrapyd.get(`/listversions.json?project=${project}`)).body.versions;
}

/** The version that a worker would run for a job that names none. */
async function versionAtStart(project: string): Promise<string | null | undefined> {
  await scrapyd.post('schedule', { project, spider: 'a' });
  const db = scrapyd.database.database;
  const [ticket] = await createDispatchStore(db, { leaseMs: 1000 }).admit(0, 1);
  return ticket && (await createAttemptStore(db).claim(ticket.id, ticket.attempt, 'w', 1000))?.version;
}

it('runs the highest version, whatever was deployed last, until another API deploys', async () => {
  for (const version of ['1.9', '1.10', '1.2']) await scrapyd.deploy('shop', version);
  expect(await versions('shop')).toEqual(['1_2', '1_9', '1_10']);
  expect(await versionAtStart('shop')).toBe('1.10');
  const { id } = await scrapyd.database.database('projects').where({ name: 'shop' }).first('id');
  await createVersionStore(scrapyd.database.database).save(COMMAND, { ...VERSION, project: id, name: '1.3' });
  expect(await versionAtStart('shop')).toBe('1.3');
  expect(await versions('shop')).toEqual(['1_2', '1_9', '1_10', '1_3']);
  await scrapyd.deploy('shop', '1.4');
  expect(await versionAtStart('shop')).toBe('1.10');
  await scrapyd.post('delversion', 'project=shop&version=1.10');
  expect(await versionAtStart('shop')).toBe('1.9');
});

it('runs the last deployed version where names are no numbers', async () => {
  for (const version of ['r10', 'r9', 'abc']) await scrapyd.deploy('shop', version);
  expect(await versions('shop')).toEqual(['r10', 'r9', 'abc']);
  expect(await versionAtStart('shop')).toBe('abc');
  await scrapyd.deploy('shop', 'r10');
  expect(await versionAtStart('shop')).toBe('r10');
});

it('keeps two versions apart whose file names are the same', async () => {
  scrapyd.eggs.spiders = ['dot'];
  await scrapyd.deploy('shop', '1.0');
  scrapyd.eggs.spiders = ['line'];
  await scrapyd.deploy('shop', '1_0');
  const spiders = async (version: string) =>
    (await scrapyd.get(`/listspiders.json?project=shop&_version=${version}`)).body.spiders;
  expect(await spiders('1.0')).toEqual(['dot']);
  expect(await spiders('1_0')).toEqual(['line']);
});

it('changes nothing when a deployment fails', async () => {
  await scrapyd.deploy('shop', '1');
  scrapyd.eggs.spiders = null;
  for (const project of ['shop', 'fresh']) {
    expect((await scrapyd.deploy(project, '2')).body).toMatchObject({
      status: 'error',
      message: 'RunnerError: egg: the project cannot be imported',
    });
  }
  expect(await versions('shop')).toEqual(['1']);
  expect((await scrapyd.post('schedule', 'project=shop&spider=a')).body).toMatchObject({ status: 'ok' });
  expect(await scrapyd.database.database('projects').where({ name: 'fresh' })).toEqual([]);
});

it('cancels what waits in a deleted project, and lets the project come back', async () => {
  await scrapyd.deploy('shop', '1');
  await scrapyd.post('schedule', 'project=shop&spider=a&jobid=waits');
  await scrapyd.post('delproject', 'project=shop').expect({
    status: 'ok',
    node_name: (await scrapyd.get('/daemonstatus.json')).body.node_name,
  });
  const gone = { status: 'error', message: "project 'shop' not found" };
  expect((await scrapyd.post('schedule', 'project=shop&spider=a')).body).toMatchObject(gone);
  expect((await scrapyd.get('/listjobs.json?project=shop')).body).toMatchObject(gone);
  expect((await scrapyd.get('/daemonstatus.json')).body).toMatchObject({ pending: 0 });
  await scrapyd.deploy('shop', '2');
  expect((await scrapyd.get('/listjobs.json?project=shop')).body).toMatchObject({ pending: [] });
});

it.each(['', '.', '..', '../x', 'a/b'])('deletes nothing under the name %j', async (project) => {
  await scrapyd.deploy('shop', '1');
  await scrapyd.post('delproject', { project });
  await scrapyd.post('delversion', { project, version: '1' });
  expect((await scrapyd.get('/listprojects.json')).body.projects).toEqual(['acme-project', 'shop']);
});

it('chooses the latest version of all that were deployed when it is its turn', async () => {
  const db = scrapyd.database.database;
  const { id } = await db('projects').where({ name: 'acme-project' }).first('id');
  const store = createScrapydStore(db);
  const chosen = await db.transaction(async (tx) => {
    await tx('projects').where({ id }).forUpdate();
    const choosing = store.chooseLatest(COMMAND, id);
    await eventually(async () => {
      const waiting = await db('pg_stat_activity')
        .where({ wait_event_type: 'Lock' })
        .whereRaw('datname = current_database()');
      expect(waiting).toHaveLength(1);
    });
    for (const name of ['1.19', '1.18'])
      await createVersionStore(tx).save(COMMAND, { ...VERSION, project: id, name });
    return { choosing };
  });
  await chosen.choosing;
  expect(await versions('acme-project')).toEqual(['1_0', '1_18', '1_19']);
  expect(await versionAtStart('acme-project')).toBe('1.19');
});

it('takes twenty deployments at once', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => scrapyd.deploy('busy', `1.${i}`)));
  expect(answers.map(({ body }) => body.status)).toEqual(Array(20).fill('ok'));
  expect((await versions('busy')).at(-1)).toBe('1_19');
  expect(await versionAtStart('busy')).toBe('1.19');
});
