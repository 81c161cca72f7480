import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ROLES, type Role } from '@spiderhub/core';
import { type Service, startService } from '../../support/service.ts';
import { makeShubHome } from '../jobs-api/clients.ts';

/**
 * A day in the life of two organisations, as people and their programs live it: `admin`, curl, shub, python-scrapinghub and
 * scrapyd-client against a running service. What each role may do is written down here once more, by hand.
 */

jest.setTimeout(300_000);

const run = promisify(execFile);
const CLI = join(__dirname, '../../../apps/cli/dist/main.js');
const PYTHON = process.env.SPIDERHUB_CLIENTS_PYTHON ?? '';
const PASSWORD = 'seven green bicycles';

let service: Service;
let folder: string;
/** Numbers of what admin has made, by name. */
const organisations: Record<string, number> = {};
const projects: Record<string, number> = {};
const keys = {} as Record<Role, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'walk-'));
  service = await startService({ workers: 0 });
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

async function admin(...words: string[]) {
  const { stdout } = await run(process.execPath, [CLI, 'admin', ...words, '--json'], { env: service.env });
  return JSON.parse(stdout);
}

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any operation
  body: any;
}

/** The real curl. A person has a jar of cookies, a program a key. */
async function curl(path: string, ...words: string[]): Promise<Answer> {
  const { stdout } = await run('curl', ['-s', '-w', '\n%{http_code}', ...words, `${service.url}${path}`]);
  const at = stdout.lastIndexOf('\n');
  const text = stdout.slice(0, at);
  return { status: Number(stdout.slice(at + 1)), body: text.startsWith('{') ? JSON.parse(text) : text };
}

const jarOf = (name: string) => join(folder, `${name}.cookies`);
const tokens: Record<string, string> = {};

/** A person's request to `/console`. */
async function person(name: string, method: string, path: string, body?: object): Promise<Answer> {
  const answer = await curl(
    `/console${path}`,
    '-X',
    method,
    '-b',
    jarOf(name),
    '-c',
    jarOf(name),
    ...(body ? ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)] : []),
    ...(tokens[name] ? ['-H', `X-CSRF-Token: ${tokens[name]}`] : []),
  );
  if (answer.body.csrfToken) tokens[name] = answer.body.csrfToken;
  return answer;
}

const withKey = (key: string) => ['-u', `${key}:`];
const allowed = (...roles: Role[]) => Object.fromEntries(ROLES.map((role) => [role, roles.includes(role)]));

it('an operator sets up two organisations, whose owners come by links', async () => {
  for (const name of ['spiders', 'rivals']) {
    organisations[name] = (await admin('organisation', 'create', '--name', name)).id;
    projects[name] = (await admin('project', 'create', '--organisation', name, '--name', `${name}-shop`)).id;
    const owner = `${name}-owner`;
    await admin('user', 'create', '--name', owner);
    await admin('member', 'add', '--organisation', name, '--user', owner, '--role', 'owner');
    const { link } = await admin('user', 'link', '--name', owner);
    const token = link.split('#token=')[1];
    expect((await person(owner, 'POST', '/session', { token })).status).toBe(200);
    expect((await person(owner, 'PUT', '/me/password', { password: PASSWORD })).status).toBe(200);
    expect((await person('nobody', 'POST', '/session', { token })).status).toBe(404);
  }
});

it('the owner invites four others, who make accounts and get keys', async () => {
  const owner = 'spiders-owner';
  for (const role of ROLES) {
    if (role !== 'owner') {
      const place = `/organisations/${organisations.spiders}/invitations`;
      const { token } = (await person(owner, 'POST', place, { role })).body;
      const made = await person(role, 'POST', '/accounts', { token, name: role, password: PASSWORD });
      expect(made.status).toBe(200);
      expect((await person(role, 'GET', '/me')).body.organisations).toMatchObject([
        { name: 'spiders', role },
      ]);
    }
    keys[role] = (await admin('key', 'create', '--user', role === 'owner' ? owner : role)).key;
  }
});

it('shub deploys for owners, admins and developers, and nobody else', async () => {
  const outcomes: Record<string, boolean> = {};
  for (const role of ['developer', 'operator', 'reader'] as const) {
    const home = await makeShubHome(
      { ...service, team: { project: projects.spiders as number, key: keys[role] } },
      { apikey: keys[role] },
    );
    const { code, output } = await home.shub(['deploy']);
    outcomes[role] = code === 0;
    // shub's own words for every refusal.
    if (role !== 'developer') expect(output).toContain('Authentication failure');
    await home.remove();
  }
  expect(outcomes).toEqual({ developer: true, operator: false, reader: false });
});

it('curl runs, tags and deletes jobs, each role what it may', async () => {
  const project = projects.spiders;
  const found = { list: {}, run: {}, tag: {}, delete: {} } as Record<
    'list' | 'run' | 'tag' | 'delete',
    Record<string, boolean>
  >;
  const post = (what: string, role: Role, ...fields: string[]) =>
    curl(
      `/api/${what}.json`,
      ...withKey(keys[role]),
      ...[`project=${project}`, ...fields].flatMap((field) => ['-d', field]),
    );
  for (const role of ROLES) {
    const by = (await post('run', 'owner', 'spider=books', `x=${role}`)).body.jobid;
    const listed = await curl(`/api/jobs/list.json?project=${project}`, ...withKey(keys[role]));
    found.list[role] = listed.status === 200;
    found.run[role] = (await post('run', role, 'spider=books', `y=${role}`)).status === 200;
    found.tag[role] = (await post('jobs/update', role, `job=${by}`, 'add_tag=t')).status === 200;
    await post('jobs/stop', 'owner', `job=${by}`);
    found.delete[role] = (await post('jobs/delete', role, `job=${by}`)).status === 200;
  }
  expect(found).toEqual({
    list: allowed(...ROLES),
    run: allowed('owner', 'admin', 'developer', 'operator'),
    tag: allowed('owner', 'admin', 'developer', 'operator'),
    delete: allowed('owner', 'admin', 'operator'),
  });
});

const SCRIPT = `
import json, sys
from scrapinghub import ScrapinghubClient
from scrapinghub.client.exceptions import ScrapinghubAPIError
url, number, keys = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
def may(work):
    try:
        work()
        return True
    except ScrapinghubAPIError as error:
        return False
found = {}
for role, key in keys.items():
    client = ScrapinghubClient(key, dash_endpoint=url + '/api/', endpoint=url + '/storage', use_msgpack=False)
    project = client.get_project(number)
    found[role] = {
        'projects': client.projects.list(),
        'jobs': may(lambda: project.jobs.list()),
        'run': may(lambda: project.jobs.run('books', job_args={'z': role})),
        'read settings': may(lambda: project.settings.list()),
        'write settings': may(lambda: project.settings.set('job_runtime_limit', 24)),
        'store': may(lambda: project.collections.get_store('s').set({'_key': 'a', 'value': 'b'})),
        'read store': may(lambda: list(project.collections.get_store('s').iter())),
    }
print(json.dumps(found))
`;

it('python-scrapinghub does what each role may, and nothing in the other organisation', async () => {
  const ask = async (project: number, of: Record<string, string>) => {
    const { stdout } = await run(PYTHON, ['-c', SCRIPT, service.url, String(project), JSON.stringify(of)]);
    return JSON.parse(stdout) as Record<Role, Record<string, unknown>>;
  };
  const found = await ask(projects.spiders as number, keys);
  const column = (what: string) => Object.fromEntries(ROLES.map((role) => [role, found[role][what]]));
  for (const role of ROLES) expect([role, found[role].projects]).toEqual([role, [projects.spiders]]);
  expect(column('jobs')).toEqual(allowed(...ROLES));
  expect(column('run')).toEqual(allowed('owner', 'admin', 'developer', 'operator'));
  expect(column('read settings')).toEqual(allowed('owner', 'admin', 'developer'));
  expect(column('write settings')).toEqual(allowed('owner', 'admin', 'developer'));
  expect(column('store')).toEqual(allowed('owner', 'admin', 'developer', 'operator'));
  expect(column('read store')).toEqual(allowed(...ROLES));
  const elsewhere = await ask(projects.rivals as number, { owner: keys.owner });
  const { projects: listed, ...acts } = elsewhere.owner;
  expect(listed).toEqual([projects.spiders]);
  expect(new Set(Object.values(acts))).toEqual(new Set([false]));
});

it('Scrapyd users have a role in their organisation, and scrapyd-client does what that allows', async () => {
  const cfg = ['[settings]', 'default = demo.settings'];
  for (const role of ROLES) {
    const [username, password] = [`scrapyd-${role}`, PASSWORD];
    const words = [
      '--organisation',
      'spiders',
      '--username',
      username,
      '--password',
      password,
      '--role',
      role,
    ];
    await admin('scrapyd-user', 'create', ...words);
    cfg.push(`[deploy:${role}]`, `url = ${service.url}/scrapyd/`, `username = ${username}`);
    cfg.push(`password = ${password}`, 'project = spiders-shop');
  }
  const listed = await admin('scrapyd-user', 'list');
  expect(listed.map(({ role }: { role: Role }) => role).toSorted()).toEqual(ROLES.toSorted());
  const home = await makeShubHome({ ...service, team: { project: projects.spiders as number, key: '' } });
  await writeFile(join(home.projectDir, 'scrapy.cfg'), `${cfg.join('\n')}\n`);
  const deployed: Record<string, boolean> = {};
  for (const role of ['developer', 'operator', 'reader']) {
    const words = [role, '--version', `by-${role}`];
    const { stdout } = await run(join(dirname(PYTHON), 'scrapyd-deploy'), words, {
      cwd: home.projectDir,
    }).catch((error: { stdout: string }) => error);
    deployed[role] = stdout.includes('"status": "ok"');
  }
  await home.remove();
  expect(deployed).toEqual({ developer: true, operator: false, reader: false });
  const found: Record<string, boolean> = {};
  for (const role of ROLES) {
    const words = ['-u', `scrapyd-${role}:${PASSWORD}`];
    const seen = await curl('/scrapyd/listprojects.json', ...words);
    expect([role, seen.body.projects]).toEqual([role, ['spiders-shop']]);
    const fields = ['project=spiders-shop', 'spider=books', `w=${role}`].flatMap((one) => ['-d', one]);
    found[role] = (await curl('/scrapyd/schedule.json', ...words, ...fields)).body.status === 'ok';
  }
  expect(found).toEqual(allowed('owner', 'admin', 'developer', 'operator'));
});

it('a session sees its own organisation alone, and ends', async () => {
  const rival = 'rivals-owner';
  const foreign = await person(rival, 'GET', `/organisations/${organisations.spiders}/members`);
  const missing = await person(rival, 'GET', '/organisations/999999/members');
  expect([foreign.status, missing.status]).toEqual([404, 404]);
  expect((await person(rival, 'GET', '/projects')).body.projects).toMatchObject([{ name: 'rivals-shop' }]);
  const members = (await person('spiders-owner', 'GET', `/organisations/${organisations.spiders}/members`))
    .body;
  expect(members.members).toHaveLength(5);
  const { user } = members.members.find(({ name }: { name: string }) => name === 'operator');
  const place = `/organisations/${organisations.spiders}/members/${user}`;
  expect((await person('developer', 'DELETE', place)).status).toBe(403);
  expect((await person('admin', 'DELETE', place)).status).toBe(200);
  const shut = await curl(`/api/jobs/list.json?project=${projects.spiders}`, ...withKey(keys.operator));
  const open = await curl(`/api/jobs/list.json?project=${projects.spiders}`, ...withKey(keys.reader));
  expect([shut.status === 200, open.status]).toEqual([false, 200]);
  expect((await person('reader', 'DELETE', '/session')).status).toBe(200);
  expect((await person('reader', 'GET', '/me')).status).toBe(401);
});
