import { type ExecFileException, execFile } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { COMMAND } from '@spiderhub/core';
import { createScrapydCallerStore } from '@spiderhub/db';
import { eventually, freePort } from '@spiderhub/testkit';
import { makeScrapydUser, PASSWORD, USERNAME } from '../../support/scrapyd.ts';
import { type Service, startService } from '../../support/service.ts';
import { clientsPython } from './differential/peers.ts';

/** Scrapyd's own clients, installed from PyPI, against built processes with real crawls. */

let service: Service;
let folder: string;
/** Scrapyd's port, and its place on the main port. */
let urls: [string, string];

beforeAll(async () => {
  const port = await freePort();
  folder = await mkdtemp(join(tmpdir(), 'clients-'));
  service = await startService({ env: { SCRAPYD_PORT: String(port) } });
  urls = [`http://127.0.0.1:${port}`, `${service.url}/scrapyd`];
  await makeScrapydUser(service);
  await run(clientsPython(), [join(__dirname, 'fixtures/make_eggs.py'), folder]);
});
afterAll(async () => {
  await service.stop();
  await rm(folder, { recursive: true, force: true });
});

interface Run {
  code: number;
  output: string;
}

/** Never rejects: exit codes are part of what clients promise. */
function run(command: string, args: readonly string[], cwd?: string): Promise<Run> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { cwd, env: withoutOurs() },
      (error: ExecFileException | null, stdout, stderr) =>
        resolve({ code: error ? Number(error.code ?? 1) : 0, output: `${stdout}${stderr}` }),
    );
  });
}

/** Clients read some of the names that we use. */
function withoutOurs(): NodeJS.ProcessEnv {
  const { DATABASE_URL: _, ...env } = process.env;
  return { ...env, HOME: folder };
}

async function callsOf(library: string, url: string): Promise<unknown> {
  const script = join(__dirname, 'fixtures/python_clients.py');
  const { stdout } = await promisify(execFile)(
    clientsPython(),
    [script, library, url, join(folder, 'shop.egg')],
    { env: withoutOurs() },
  );
  return JSON.parse(stdout);
}

it.each([0, 1] as const)('serves every method of python-scrapyd-api, at place %d', async (place) => {
  expect(await callsOf('scrapyd_api', urls[place])).toEqual({
    add_version: 2,
    list_projects: true,
    list_versions: ['1_0'],
    list_spiders: ['quick', 'waiting'],
    schedule: 32,
    job_status: 'finished',
    'job_status of an unknown job': '',
    'schedule with jobid': 'api-waiting',
    cancel: 'running',
    list_jobs: { pending: [], running: [], finished: expect.arrayContaining([false, true]) },
    error: "spider 'nope' not found",
    delete_version: true,
    delete_project: true,
    endpoints: true,
  });
});

it('serves every method of the client of scrapyd-client', async () => {
  expect(await callsOf('scrapyd_client', urls[0])).toEqual({
    addversion: 2,
    projects: true,
    'projects by pattern': ['clients'],
    versions: ['1_0'],
    spiders: ['quick', 'waiting'],
    'spiders by pattern': ['quick'],
    schedule: 32,
    status: 'finished',
    jobs: [true],
    cancel: null,
    daemonstatus: ['finished', 'node_name', 'pending', 'running', 'status'],
    error: "project 'nope' not found",
    delete_version: 'ok',
    delete_project: "project 'clients' not found",
  });
});

/** A Scrapy project as a developer has it, with a target for each place. */
async function makeProject(): Promise<string> {
  const root = join(folder, 'project');
  const target = (name: string, url: string, password: string) =>
    `[deploy:${name}]\nurl = ${url}/\nusername = ${USERNAME}\npassword = ${password}\nproject = shop\n`;
  const files: Record<string, string> = {
    'scrapy.cfg':
      `[settings]\ndefault = shop.settings\n` +
      target('default', urls[0], PASSWORD) +
      target('main', urls[1], PASSWORD) +
      target('stranger', urls[0], 'wrong'),
    'shop/__init__.py': '',
    'shop/settings.py': 'BOT_NAME = "shop"\nSPIDER_MODULES = ["shop.spiders"]\n',
    'shop/spiders/__init__.py': '',
    'shop/spiders/one.py':
      'import scrapy\n\n\nclass One(scrapy.Spider):\n    name = "one"\n    start_urls = []\n\n' +
      '    def __init__(self, *args, **kwargs):\n        super().__init__(*args, **kwargs)\n',
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return root;
}

describe('the commands of scrapyd-client', () => {
  let project: string;
  const command = (name: string, ...args: string[]) =>
    run(join(dirname(clientsPython()), name), args, project);

  beforeAll(async () => {
    project = await makeProject();
  });

  it('deploy a project to both places', async () => {
    const first = await command('scrapyd-deploy', '--version', '1.9');
    expect(first).toMatchObject({ code: 0, output: expect.stringContaining('"spiders": 1') });
    const second = await command('scrapyd-client', 'deploy', 'main', '--version', '1.10');
    expect(second).toMatchObject({ code: 0, output: expect.stringContaining('"version": "1.10"') });
  });

  it('list targets, projects and spiders', async () => {
    expect((await command('scrapyd-client', 'targets')).output).toContain(`${urls[1]}/`);
    for (const target of ['default', 'main']) {
      const { code, output } = await command('scrapyd-client', 'projects', '-t', target);
      expect({ code, projects: output.trim().split('\n') }).toEqual({
        code: 0,
        projects: expect.arrayContaining(['shop']),
      });
    }
    expect(await command('scrapyd-client', 'spiders', '-p', 'shop')).toMatchObject({
      output: 'shop:\n  one\n',
    });
    expect(await command('scrapyd-client', 'spiders', '-p', 's*', '-v')).toMatchObject({
      output: 'shop one\n',
    });
  });

  it('schedule spiders by pattern', async () => {
    const { code, output } = await command('scrapyd-client', 'schedule', '-p', 'sh*', 'o*', '--arg', 'a=b');
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(/^shop \/ one => [0-9a-f]{32}\n$/),
    });
  });

  it('say what is wrong', async () => {
    expect(await command('scrapyd-client', 'projects', '-t', 'stranger')).toEqual({
      code: 1,
      output: 'Received a malformed response:\nUnauthorized\n',
    });
    const deployment = await command('scrapyd-deploy', 'stranger', '--version', '2');
    expect(deployment.code).not.toBe(0);
    expect(deployment.output).toContain('401');
  });

  it('do not fail when an egg is bad: the answer says so, as Scrapyd does', async () => {
    await writeFile(join(project, 'shop/spiders/two.py'), 'import nothing_of_this_name\n');
    const { code, output } = await command('scrapyd-deploy', '--version', '3');
    expect(code).toBe(0);
    expect(output).toContain('RunnerError');
    expect(output).toContain('nothing_of_this_name');
    await rm(join(project, 'shop/spiders/two.py'));
  });

  it('need no credentials from addresses that an operator has opened', async () => {
    const open = `[deploy:open]\nurl = ${urls[0]}/\nproject = shop\n`;
    await appendFile(join(project, 'scrapy.cfg'), open);
    expect((await command('scrapyd-client', 'projects', '-t', 'open')).code).toBe(1);

    const callers = createScrapydCallerStore(service.db.database);
    await callers.saveNetworks(COMMAND, 'acme', ['127.0.0.0/8'], 'developer');
    const deployed = await command('scrapyd-deploy', 'open', '--version', '4');
    expect(deployed).toMatchObject({ code: 0, output: expect.stringContaining('"spiders": 1') });
    const projects = await command('scrapyd-client', 'projects', '-t', 'open');
    expect(projects).toMatchObject({ code: 0, output: expect.stringMatching(/^shop$/m) });
    const scheduled = await command('scrapyd-client', 'schedule', '-t', 'open', '-p', 'shop', 'one');
    expect(scheduled).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^shop \/ one => [0-9a-f]{32}$/m),
    });
    await callers.removeNetwork(COMMAND, '127.0.0.0/8');
    // A network is trusted for a second more.
    await eventually(async () =>
      expect((await command('scrapyd-client', 'projects', '-t', 'open')).code).toBe(1),
    );
  });
});
