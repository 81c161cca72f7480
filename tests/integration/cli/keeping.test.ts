import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type JobKey, removeWithData, service } from '@spiderhub/core';
import { createJobStore, createJobView } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { bucketIfWanted, type OwnBucket, storageAt } from '../../support/s3-bucket.ts';
import { makeTeam, scheduleRequest, type Team } from '../../support/team.ts';

const CLI = join(__dirname, '../../../apps/cli/dist/main.js');

jest.setTimeout(240_000);

let db: TestDatabase;
let home: string;
let bucket: OwnBucket | null;
let team: Team;

beforeAll(async () => {
  bucket = await bucketIfWanted();
  db = await createTestDatabase();
  home = await mkdtemp(join(tmpdir(), 'cli-keeping-'));
  team = await makeTeam(db.database);
});
afterAll(async () => {
  await db.close();
  await bucket?.close();
  await rm(home, { recursive: true, force: true });
});

async function admin(...words: string[]): Promise<unknown> {
  const env = { ...process.env, DATABASE_URL: db.url, SPIDERHUB_HOME: home, ...bucket?.env };
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'admin', ...words, '--json'], { env });
  return JSON.parse(stdout);
}

function streams() {
  return storageAt({ ...bucket?.env, SPIDERHUB_HOME: home }, db.database).streams;
}

async function deletedJob(): Promise<JobKey> {
  const jobs = createJobStore(db.database);
  const [made] = await jobs.schedule([scheduleRequest(team.project, 'a', { state: 'finished' })]);
  if (made?.outcome !== 'scheduled') throw new Error('not scheduled');
  const key = { project: team.project, spider: made.spider, job: made.job };
  await streams().write({ key, attempt: 0, stream: 'items' }, [Buffer.from('{"a":1}')]);
  await removeWithData(jobs, streams(), key, service('me'));
  return key;
}

it('brings a deleted job back with its records, once', async () => {
  const key = await deletedJob();
  const name = `${key.project}/${key.spider}/${key.job}`;
  expect(await admin('job', 'undelete', '--job', name)).toEqual({ job: name, state: 'finished' });
  expect((await createJobView(db.database).find(key))?.state).toBe('finished');
  expect((await streams().stats({ key, attempt: 0, stream: 'items' })).records).toBe(1);
  await expect(admin('job', 'undelete', '--job', name)).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`job ${name} not found`),
  });
});

it('sets how long finished jobs are kept, of a project and of a spider', async () => {
  const project = ['project', 'limits', '--id', String(team.project), '--retention'];
  expect(await admin(...project, '{"days":30,"count":1000,"keepTags":["keep"]}')).toMatchObject({
    retention: { days: 30, count: 1000, keepTags: ['keep'] },
  });
  const spider = ['spider', 'limits', '--project', String(team.project), '--name', 'a', '--retention'];
  expect(await admin(...spider, '{"days":null}')).toMatchObject({ spider: 'a', retention: { days: null } });
  expect(await admin(...project, '{"count":null}')).toMatchObject({ retention: { days: 30, count: null } });
});

it.each([
  ['{"days":0}', '--retention: days'],
  ['{"count":-1}', '--retention: count'],
  ['{"keepTags":"keep"}', '--retention: keepTags'],
  ['{"day":3}', '--retention: '],
  ['30', '--retention: '],
  ['days=30', '--retention: expected JSON such as {"days":30'],
])('refuses to keep jobs for %s', async (words, sentence) => {
  await expect(
    admin('project', 'limits', '--id', String(team.project), '--retention', words),
  ).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
});

it('prints what a project takes', async () => {
  await deletedJob();
  const [usage, ...others] = (await admin('usage', '--project', String(team.project))) as object[];
  expect(others).toEqual([]);
  expect(usage).toMatchObject({ project: team.project, deleted: 1, running: 0, blobBytes: 0 });
  expect(usage).toHaveProperty('streamBytes', await streams().sizeOfProject(team.project));
});
