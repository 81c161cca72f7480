import { COMMAND, NO_LIMITS } from '@spiderhub/core';
import { adminUsage, readArguments } from './arguments.ts';
import { ADMIN_COMMANDS } from './registry.ts';
import type { AdminStores } from './stores.ts';

const NOTHING_SET = {
  organisation: 1,
  ofOrganisation: {},
  organisationBytes: 0,
  ofProject: {},
  projectBytes: 0,
};

/** What a command line asks a store for. */
async function asked(store: 'admin' | 'limits' | 'networks', line: string): Promise<unknown[]> {
  const calls: unknown[] = [];
  const note =
    (method: string | symbol) =>
    async (...args: unknown[]) => {
      // All say that it is the command who changes something.
      calls.push([method, ...args.filter((arg) => arg !== COMMAND)]);
      return { value: {}, created: true, destinations: [] };
    };
  const noted = new Proxy({}, { get: (_, method) => note(method) });
  const serviceLimits = {
    store: { find: async () => NOTHING_SET, usage: async () => ({}) },
    defaults: NO_LIMITS,
  };
  await readArguments(line.split(' ')).work({ serviceLimits, [store]: noted } as unknown as AdminStores);
  return calls;
}

it('knows each command by a name of its own', () => {
  const names = ADMIN_COMMANDS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it('explains each command by the options that it takes', () => {
  expect(adminUsage()).toContain(
    '  project create --name NAME [--organisation NAME] [--id NUMBER] [--paused]\n',
  );
  expect(adminUsage()).toContain('  key revoke --id NUMBER\n');
  expect(adminUsage()).toContain('  user list\n');
});

it('hands on values, not words', async () => {
  expect(await asked('limits', 'project limits --id 7 --weight 0.5 --max-running none')).toEqual([
    ['change', 7, null, { weight: 0.5, maxRunning: null }],
  ]);
  expect(await asked('limits', 'spider limits --project 7 --name books --policy {"maxAttempts":3}')).toEqual([
    ['change', 7, 'books', { policy: { maxAttempts: 3 } }],
  ]);
});

it('takes an option several times where a command says so', async () => {
  const fine = { network: '10.1.2.0/24', firstPort: 8080, lastPort: 8080 };
  const six = { network: 'fd00::1/128', firstPort: 1, lastPort: 65_535 };
  expect(
    await asked(
      'networks',
      'project network --id 7 --allow 10.1.2.0/24:8080 --allow fd00::1 --remove fd00::1',
    ),
  ).toEqual([['change', 7, { allow: [fine, six], remove: [six] }]]);
  expect(await asked('networks', 'project network --id 7 --show')).toEqual([
    ['change', 7, { allow: [], remove: [] }],
  ]);
});

it('takes options as the command means them, whatever they are to others', async () => {
  const calls = await asked('admin', 'key create --user ann --action jobs.read --action jobs.run --from ::1');
  expect(calls).toEqual([
    ['createKey', expect.objectContaining({ actions: ['jobs.read', 'jobs.run'], networks: ['::1/128'] })],
  ]);
  const links = { byName: async () => ({ id: 7 }), forUser: async () => ({ expiresAt: new Date(0) }) };
  const { work } = readArguments('user link --name ann --password'.split(' '));
  const answer = await work({ accounts: links, links, site: 'http://here' } as unknown as AdminStores);
  expect(answer).toMatchObject({ link: expect.stringMatching(/^http:\/\/here\/password#token=/) });
});

it('changes nothing that is not given', async () => {
  expect(await asked('limits', 'project limits --id 7')).toEqual([['change', 7, null, {}]]);
});

it('makes the usual organisation only for a project that names none', async () => {
  const project = { id: null, name: 'shop', paused: false };
  expect(await asked('admin', 'project create --name shop')).toEqual([
    ['createOrganisation', 'default'],
    ['createProject', { ...project, organisation: 'default' }],
  ]);
  expect(await asked('admin', 'project create --name shop --organisation acme')).toEqual([
    ['createProject', { ...project, organisation: 'acme' }],
  ]);
});

it.each([
  ['project limits --id 7 --weight 0', '--weight: expected a number above 0'],
  [
    'project limits --id 7 --limit spiders=1',
    '--limit: expected NAME=NUMBER, with one of requestsPerSecond,',
  ],
  ['project limits --id 7 --limit pendingJobs=0', '--limit: pendingJobs: expected a whole number from 1 to'],
  ['project limits --id 7 --limit pendingJobs=', '--limit: pendingJobs: expected a whole number from 1 to'],
  ['project limits --id 7 --policy x', '--policy: expected JSON such as'],
  ['project network --id 7 --allow db.internal:5432', '--allow: db.internal:5432: expected an address'],
  ['project limits --id 7 --policy {"maxAttempts":0}', '--policy: maxAttempts '],
  [
    'spider limits --project 7 --name books --weight 2',
    '--weight is no option of this command: spider limits',
  ],
  ['key create --user ann --project 7', 'not to both'],
  ['scrapyd-user create --organisation acme --username a:b --password 12345678', '--username: a colon'],
  [
    'scrapyd-user create --organisation acme --username ann --password short',
    '--password: expected at least 8',
  ],
  ['marker create', '--tag is required'],
  ['project', 'npm run admin -- COMMAND [--json]'],
  ['project list too', 'npm run admin -- COMMAND [--json]'],
])('refuses %j with a sentence', async (line, sentence) => {
  await expect(async () => asked('admin', line)).rejects.toThrow(sentence);
});

it('takes an option as its command does, whatever others of its name are like', () => {
  for (const line of [
    'user link --name ann --password',
    'scrapyd-user create --organisation acme --username ann --password long-enough',
  ])
    expect(() => readArguments(line.split(' '))).not.toThrow();
  expect(() => readArguments('scrapyd-user create --organisation acme --password'.split(' '))).toThrow();
});
