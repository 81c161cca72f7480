import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { hashApiKey } from '@spiderhub/core';
import { createAccessStore, createNetworkStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';

const CLI = join(__dirname, '../../../apps/cli/dist/main.js');
const OLD_KEY = 'c0ffee00c0ffee00c0ffee00c0ffee00';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.close());

async function admin(line: string): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CLI, 'admin', ...line.split(' '), '--json'],
    {
      env: { ...process.env, DATABASE_URL: database.url },
    },
  );
  return JSON.parse(stdout);
}

function principalOf(key: string) {
  return createAccessStore(database.database).findKey(hashApiKey(key));
}

it('sets up a project with its chosen number and a key of a member, and says the same when asked again', async () => {
  for (const created of [true, false]) {
    expect(await admin('organisation create --name acme')).toMatchObject({ name: 'acme', created });
    expect(await admin('project create --name shop --organisation acme --id 123')).toMatchObject({
      id: 123,
      created,
    });
    expect(await admin('user create --name ann')).toMatchObject({ name: 'ann', created });
    expect(await admin('member add --organisation acme --user ann')).toMatchObject({ created });
    expect(await admin(`key create --user ann --key ${OLD_KEY}`)).toMatchObject({ key: OLD_KEY, created });
  }
  expect([...((await principalOf(OLD_KEY))?.projects ?? [])]).toEqual([
    [123, { inherited: 'owner', own: null }],
  ]);
});

it('makes a key that is a member of one project only, and one for staff', async () => {
  await admin('project create --name one --id 201');
  await admin('project create --name two --id 202');
  const { key } = (await admin('key create --project 202')) as { key: string };
  expect(key).toMatch(/^sphub_[0-9A-Za-z]{36}$/);
  expect([...((await principalOf(key))?.projects ?? [])]).toEqual([[202, { inherited: null, own: 'admin' }]]);
  const reader = (await admin('key create --project 202 --role reader')) as { key: string };
  expect((await principalOf(reader.key))?.projects.get(202)).toEqual({ inherited: null, own: 'reader' });
  await expect(admin(`key create --staff --role reader`)).rejects.toThrow('--role');
  const staff = (await admin('key create --staff')) as { key: string };
  expect(await principalOf(staff.key)).toMatchObject({ staff: true });
});

it('never shows a key again, and forgets one that is revoked', async () => {
  const { key, id } = (await admin('key create --staff')) as { key: string; id: number };
  expect(JSON.stringify(await admin('key list'))).not.toContain(key);
  expect(await admin(`key revoke --id ${id}`)).toMatchObject({ revoked: true });
  expect(await principalOf(key)).toBeNull();
});

it('says whose an address is, and takes it from nobody', async () => {
  for (const name of ['bea', 'carl']) await admin(`user create --name ${name}`);
  expect(await admin('user email --name bea --email Bea@example.org')).toEqual({
    user: 'bea',
    email: 'Bea@example.org',
  });
  await expect(admin('user email --name carl --email bea@EXAMPLE.org')).rejects.toThrow('somebody else');
  await expect(admin('user email --name carl --email nonsense')).rejects.toThrow('--email: expected');
  expect(await admin('user email --name bea --email none')).toMatchObject({ email: null });
  expect(await admin('user email --name carl --email bea@example.org')).toMatchObject({ user: 'carl' });
});

it('makes keys that are good for less, and others in their place', async () => {
  const line = 'key create --user ann --name nightly --action jobs.read --action jobs.run --only-project 123';
  const made = (await admin(`${line} --from 10.0.0.0/8 --from fd00::1 --days 3`)) as {
    key: string;
    id: number;
  };
  expect(made).toMatchObject({
    name: 'nightly',
    actions: ['jobs.read', 'jobs.run'],
    projects: [123],
    networks: ['10.0.0.0/8', 'fd00::1/128'],
    lastUsedAt: null,
  });
  const bounds = { actions: new Set(['jobs.read', 'jobs.run']), projectsOnly: true };
  expect(await principalOf(made.key)).toMatchObject({ bounds, organisations: new Map() });
  const next = (await admin(`key rotate --id ${made.id} --grace-hours 0`)) as { key: string };
  expect(next).toMatchObject({ replaces: made.id, name: 'nightly', networks: ['10.0.0.0/8', 'fd00::1/128'] });
  expect(await principalOf(made.key)).toBeNull();
  expect(await principalOf(next.key)).toMatchObject({ bounds });
  await expect(admin(`key rotate --id ${made.id}`)).rejects.toThrow('is over');
  const { key, id } = (await admin('key create --staff --action jobs.read')) as { key: string; id: number };
  expect(await admin(`key rotate --id ${id}`)).toMatchObject({ staff: true, actions: ['jobs.read'] });
  expect(await principalOf(key)).toMatchObject({ staff: true });
});

it('pauses and resumes', async () => {
  await admin('project create --name sleepy --id 301 --paused');
  expect(await admin('project list')).toContainEqual(expect.objectContaining({ id: 301, paused: true }));
  expect(await admin('project resume --id 301')).toMatchObject({ paused: false });
  expect(await admin('project pause --id 301')).toMatchObject({ paused: true });
});

it('allows projects what is not public, each its own, and takes it away again', async () => {
  await admin('project create --name near --id 401');
  await admin('project create --name far --id 402');
  await admin('project network --id 402 --allow 10.9.0.0/16:443');
  const given =
    '--allow 10.1.2.0/24:8080 --allow [fd00::1]:80-90 --allow 127.0.0.1:* --allow 10.1.2.0/24:8080';
  const allowed = ['10.1.2.0/24:8080', '127.0.0.1:*', '[fd00::1]:80-90'];
  expect(await admin(`project network --id 401 ${given}`)).toEqual({ project: 401, allowed });
  expect(await admin('project network --id 401 --show')).toEqual({ project: 401, allowed });
  const all = await createNetworkStore(database.database).all();
  expect(all.map(({ project, destinations }) => [project, destinations.length])).toEqual([
    [401, 3],
    [402, 1],
  ]);
  const left = await admin('project network --id 401 --remove 127.0.0.1:* --remove [fd00::1]:80-90');
  expect(left).toEqual({ project: 401, allowed: ['10.1.2.0/24:8080'] });
  expect(await admin('project network --id 402 --show')).toMatchObject({ allowed: ['10.9.0.0/16:443'] });
});

it('sets service limits of organisations and projects, and says what holds', async () => {
  await admin('project create --name limited --id 501 --organisation acme');
  const organisation = await admin(
    'organisation limits --name acme --limit pendingJobs=7 --limit webhooks=none',
  );
  expect(organisation).toMatchObject({
    organisation: 'acme',
    service: {
      pendingJobs: { limit: 7, isSet: true, used: 0 },
      webhooks: { limit: null, isSet: true },
      requestsPerSecond: { limit: 10_000, isSet: false },
    },
  });
  const project = 'project limits --id 501';
  expect(await admin(`${project} --max-running 2 --limit eggBytes=100`)).toMatchObject({
    maxRunning: 2,
    service: { runningJobs: { limit: 2, isSet: true }, eggBytes: { limit: 100, isSet: true } },
  });
  expect(await admin(`${project} --limit runningJobs=none --limit eggBytes=default`)).toMatchObject({
    maxRunning: null,
    service: { eggBytes: { limit: 52_428_800, isSet: false }, pendingJobs: { limit: null, isSet: false } },
  });
});

it.each([
  ['organisation limits --name nobody-here', 'organisation: nobody-here not found'],
  ['project network --id 999 --allow 10.0.0.1:80', 'project: 999 not found'],
  ['project network --id 201 --allow 10.1.2.3/24', '--allow: 10.1.2.3/24: a network of 24 bits begins with'],
  ['project pause --id 999', 'project: 999 not found'],
  ['key create --user nobody-here', 'not found'],
  ['project create --name x --id 0', '--id: expected a whole number'],
  ['key create --user ann --action jobs.fly', 'actions: jobs.fly is no action'],
  ['key create --user ann --from 10.1.2.3/8', 'networks: 10.1.2.3/8: a network of 8 bits begins with'],
  ['key create --project 123 --only-project 123', '--only-project says where'],
  [`key create --user ann --key sphub_${'x'.repeat(36)}`, 'another checksum'],
  ['key create --key short', '--key: expected at least 16'],
  ['project create', '--name is required'],
  ['project creat', 'project create --name NAME'],
  ['user create --name a\nb', '--name: line breaks'],
  ['organisation create --name a\u0007b', '--name: line breaks'],
  [`project create --name ${'x'.repeat(256)}`, '--name: expected at most 255 characters'],
  ['scrapyd-user create --organisation acme --username a\nb --password 12345678', '--username: line breaks'],
  [
    'project limits --id 1 --name books --max-running 1',
    '--name is no option of this command: project limits',
  ],
  ['project list --id 5', '--id is no option of this command: project list\n'],
  ['key create --organisation acme', '--organisation is no option'],
  ['key create', 'A key needs a --user, a --project or --staff'],
  ['project list --nmae x', "Unknown option '--nmae'"],
])('answers %j with a sentence and fails', async (line, sentence) => {
  await expect(admin(line)).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining(sentence) });
});

it.each([
  ['postgresql://127.0.0.1:1/x', 'connect ECONNREFUSED 127.0.0.1:1'],
  ['newer', 'a newer Spiderhub made it (9999_later), start that one'],
  ['foreign', 'relation "organisations" already exists'],
])('says in one sentence why the database %s cannot be used', async (kind, reason) => {
  const other = await createTestDatabase();
  try {
    if (kind === 'newer') await other.database('migrations').insert({ name: '9999_later', batch: 2 });
    if (kind === 'foreign') await other.database('migrations').delete();
    const env = { ...process.env, DATABASE_URL: kind.includes(':') ? kind : other.url };
    const migrated = promisify(execFile)(process.execPath, [CLI, 'migrate'], { env });
    await expect(migrated).rejects.toMatchObject({
      code: 1,
      stderr: `Cannot use the database: ${reason}\n`,
    });
  } finally {
    await other.close();
  }
});

it('tells what it can do to whoever asks', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [CLI, 'admin', '--help']);
  expect(stdout).toContain('organisation create --name NAME');
});

it('looks for the folders of an import before it looks for a Python', async () => {
  const line = 'import-scrapyd /nope /nope /nope --organisation acme';
  // Not even a database is needed.
  const env = { ...process.env, DATABASE_URL: 'postgresql://127.0.0.1:1/x', SPIDERHUB_PYTHON: '/bin/false' };
  await expect(
    promisify(execFile)(process.execPath, [CLI, 'admin', ...line.split(' ')], { env }),
  ).rejects.toMatchObject({
    code: 1,
    stderr: '/nope is no folder\n',
  });
});

it('lists the stacks, with the base as the current one', async () => {
  const stacks = (await admin('stacks')) as { stack: string; scrapy: string; current: boolean }[];
  expect(stacks.map(({ stack }) => stack)).toEqual(expect.arrayContaining(['scrapy:2.7', 'scrapy:2.11']));
  expect(stacks.filter(({ current }) => current)).toEqual([stacks.at(-1)]);
});
