import { createDatabase, createSpiderStore, createVersionStore, type Database } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, saveVersion } from '../../support/team.ts';

let db: TestDatabase;
/** A pool with little patience. */
let hurried: Database;

beforeAll(async () => {
  db = await createTestDatabase();
  hurried = createDatabase(db.url, { statementMs: 5000 });
});
afterAll(async () => {
  await hurried?.destroy();
  await db?.close();
});

describe('spiders of a project', () => {
  it('have the newest version that has them', async () => {
    const { project } = await makeTeam(db.database, 'versioned', ['gone', 'kept']);
    await saveVersion(db.database, project, '2.0', ['kept', 'old'], {
      scripts: ['check.py', 'gone.py'],
    });
    await saveVersion(db.database, project, '3.0', ['kept'], { scripts: ['check.py'] });
    const versions = createVersionStore(db.database);
    await versions.spiderNumber(project, 'never deployed', 'listed');
    const found = (await versions.spiders(project)).map(({ name, version }) => [name, version]);
    expect(Object.fromEntries(found)).toEqual({
      gone: '1.0',
      kept: '3.0',
      'never deployed': null,
      old: '2.0',
      'py:check.py': '3.0',
      'py:gone.py': '2.0',
    });
    expect(found).toHaveLength(6);
  });

  it('are not those that only jobs name, until they are deployed or asked for', async () => {
    const { project } = await makeTeam(db.database, 'pushed', ['known']);
    const versions = createVersionStore(db.database);
    const listed = async () => (await versions.spiders(project)).map(({ name }) => name);
    const number = await versions.spiderNumber(project, 'later', 'unlisted');
    await versions.spiderNumber(project, 'wanted', 'unlisted');
    await versions.spiderNumber(project, 'known', 'unlisted');
    expect(await versions.spiderNumber(project, 'later')).toBe(number);
    expect(await listed()).toEqual(['known']);
    await versions.spiderNumber(project, 'wanted', 'listed');
    expect(await listed()).toEqual(['known', 'wanted']);
    await saveVersion(db.database, project, '2.0', ['later']);
    expect(await listed()).toEqual(['known', 'later', 'wanted']);
    expect(await versions.spiderNumber(project, 'later')).toBe(number);
  });

  it('are listed in time however many there are', async () => {
    const names = Array.from({ length: 30_000 }, (_, i) => `spider_of_site_${i}`);
    const { project } = await makeTeam(db.database, 'vast', names);
    const spiders = await createVersionStore(hurried).spiders(project);
    expect(spiders).toHaveLength(names.length);
    expect(spiders.every(({ version }) => version === '1.0')).toBe(true);
    expect(await createSpiderStore(hurried).find(project, names.length)).toMatchObject({ version: '1.0' });
  });
});
