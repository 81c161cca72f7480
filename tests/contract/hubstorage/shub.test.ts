import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createAdminStore } from '@spiderhub/db';
import { eventually } from '@spiderhub/testkit';
import { deployDemo } from '../../support/demo-egg.ts';
import { type Service, startService } from '../../support/service.ts';
import { makeShubHome, type ShubHome } from '../jobs-api/clients.ts';
import { clientsPython } from './harness.ts';

let service: Service;
let home: ShubHome;
let project: number;

beforeAll(async () => {
  service = await startService({ workers: 0, spiders: ['site'] });
  project = service.team.project;
  await service.db.database('projects').where({ id: project }).update({ paused: true });
});
afterAll(() => service?.stop());
beforeEach(async () => {
  home = await makeShubHome(service, { apikey: service.team.key });
});
afterEach(() => home?.remove());

async function post(path: string, body: string): Promise<string> {
  const authorization = `Basic ${Buffer.from(`${service.team.key}:`).toString('base64')}`;
  const answer = await fetch(`${service.url}${path}`, { method: 'POST', headers: { authorization }, body });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.text();
}

let serial = 0;
async function push(state: string): Promise<string> {
  serial += 1;
  const body = JSON.stringify({ spider: 'site', state, unique: String(serial) });
  return (JSON.parse(await post(`/jobq/${project}/push`, body)) as { key: string }).key;
}

const lines = (records: unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');
const logs = (...messages: string[]) =>
  lines(messages.map((message, i) => ({ time: 1_500_000_000_000 + i, level: 20 + 10 * i, message })));

function shortKey(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

/** What shub printed beside its warnings. */
function records({ output }: { output: string }): string {
  return output.replace(/^(?!\{).*\n/gm, '');
}

function shubHere(args: string[]): {
  file: string;
  args: string[];
  options: { cwd: string; env: NodeJS.ProcessEnv };
} {
  return {
    file: clientsPython(),
    args: [join(__dirname, 'python/shub_here.py'), ...args],
    options: {
      cwd: home.projectDir,
      env: {
        PATH: process.env.PATH,
        HOME: join(home.projectDir, '..'),
        SHUB_STORAGE: service.url,
        PYTHONUNBUFFERED: '1',
        https_proxy: 'http://127.0.0.1:9',
      },
    },
  };
}

async function runHere(...args: string[]): Promise<string> {
  const { file, args: all, options } = shubHere(args);
  const { stdout, stderr } = await promisify(execFile)(file, all, options);
  return stdout + stderr;
}

describe('shub', () => {
  it('prints items, whole or the last ones', async () => {
    const key = await push('finished');
    await post(`/items/${key}`, lines([{ n: 0 }, { n: 1 }, { n: 2 }]));
    const all = await home.shub(['items', key]);
    const printed = [0, 1, 2].map((n) => `{"n":${n},"_key":"${key}/${n}"}\n`);
    expect([all.code, records(all)]).toEqual([0, printed.join('')]);
    expect(records(await home.shub(['items', '-n', '2', shortKey(key)]))).toBe(printed.slice(1).join(''));
    expect(records(await home.shub(['items', '-n', '99', shortKey(key)]))).toBe(printed.join(''));
  });

  it('prints logs, whole, the last ones or as JSON', async () => {
    const key = await push('finished');
    await post(`/logs/${key}`, logs('one', 'two żółw'));
    expect((await home.shub(['log', key])).output).toContain(
      '2017-07-14 02:40:00 INFO one\n2017-07-14 02:40:00.001000 WARNING two żółw\n',
    );
    expect((await home.shub(['log', '-n', '1', shortKey(key)])).output).toContain('WARNING two');
    const asJson = await home.shub(['log', '--json', shortKey(key)]);
    expect(JSON.parse(asJson.output.split('\n')[0] as string)).toMatchObject({ message: 'one', level: 20 });
  });

  it('prints requests', async () => {
    const key = await push('finished');
    const request = {
      url: 'http://x/',
      status: 200,
      method: 'GET',
      rs: 1,
      duration: 2,
      parent: null,
      time: 3,
    };
    await post(`/requests/${key}`, lines([request]));
    const printed = await home.shub(['requests', shortKey(key)]);
    const { parent: _, ...shown } = request;
    expect(JSON.parse(records(printed))).toEqual({ ...shown, _key: `${key}/0` });
  });

  it('understands the address of a job page', async () => {
    const key = await push('finished');
    await post(`/items/${key}`, lines([{ n: 0 }]));
    expect((await home.shub(['items', `${service.url}/p/${key}`])).output).toContain('"n":0');
  });

  it('prints logs however wrong they came in', async () => {
    const key = await push('finished');
    await post(`/logs/${key}`, lines([{ time: 'x', level: 'error', message: { what: 'broke' } }]));
    expect((await home.shub(['log', key])).output).toMatch(/^[\d-]+ [\d:.]+ ERROR \{"what":"broke"\}$/m);
  });

  it.each([
    ['was never there', () => `${project}/1/99999`],
    ['is in a project out of reach', () => `${project + 1}/1/1`],
  ])('says that a job does not exist when it %s', async (_why, key) => {
    const { code, output } = await home.shub(['items', key()]);
    expect(code).not.toBe(0);
    expect(output).toContain('does not exist');
    expect(output).not.toContain('Traceback');
  });

  it('cancels jobs', async () => {
    const [pending, running] = [await push('pending'), await push('running')];
    const { output } = await home.shub(['cancel', '--force', shortKey(pending), shortKey(running)]);
    expect(output).toContain("{'count': 2}");
  });

  it.each(['items', 'log', 'requests'])('follows the %s of a running job until it ends', async (command) => {
    const key = await push('running');
    const stream = command === 'log' ? 'logs' : command;
    const record = (text: string) =>
      lines([command === 'log' ? { time: 1, level: 20, message: text } : { url: text }]);
    await post(`/${stream}/${key}?start=0`, record('early'));
    const { file, args, options } = shubHere([command, '-f', shortKey(key)]);
    const child: ChildProcess = spawn(file, args, options);
    let output = '';
    child.stdout?.on('data', (chunk) => {
      output += String(chunk);
    });
    const gone = once(child, 'exit');
    await eventually(() => expect(output).toContain('early'));
    await post(`/${stream}/${key}?start=1`, record('late'));
    await eventually(() => expect(output).toContain('late'));
    await post(`/jobq/${project}/update`, JSON.stringify({ key, state: 'finished' }));
    const [code] = (await gone) as [number | null];
    expect(code).toBe(0);
    expect(output.match(/early/g)).toHaveLength(1);
    expect(output.match(/late/g)).toHaveLength(1);
  });
});

describe('shub image', () => {
  it('lists spiders with the settings of the project, announces a release and asks how far it is', async () => {
    await post(`/projects/${project}/settings`, '{"SPIDER_MODULES":["x"]}');
    await writeFile(
      join(home.projectDir, 'scrapinghub.yml'),
      `project: ${project}\nversion: v-1\nimages:\n  default: registry.example/image\n`,
    );
    expect(await runHere('image', 'list')).toMatch(/^imaged$/m);
    const deployed = await runHere('image', 'deploy', '--insecure');
    expect(deployed).toContain('Deploy results:');
    expect(deployed).toContain("'status': 'ok'");
    expect(await runHere('image', 'check')).toContain("'spiders': 2");
    const scheduled = await home.shub(['schedule', 'imaged']);
    expect(scheduled.output).toContain('scheduled, job ID');
  });
});

describe('shub and eggs', () => {
  it('deploys an egg of its own, fetches all eggs and copies them to another project', async () => {
    const directory = join(home.projectDir, '../library');
    await mkdir(directory);
    const setup =
      "from setuptools import setup\nsetup(name='library', version='1.2', py_modules=['library'])\n";
    await writeFile(join(directory, 'setup.py'), setup);
    await writeFile(join(directory, 'library.py'), 'ANSWER = 42\n');
    await writeFile(join(directory, 'scrapinghub.yml'), `project: ${project}\nversion: '1.2'\n`);
    const { file, args, options } = shubHere(['deploy-egg']);
    const deployed = await promisify(execFile)(file, args, { ...options, cwd: directory });
    expect(deployed.stdout).toContain('Deploying dependency library 1.2');
    const list = await service.call(`/api/eggs/list.json?project=${project}`);
    expect(await list.json()).toEqual({ status: 'ok', eggs: [{ name: 'library', version: '1.2' }] });

    await deployDemo(service, '2.0');
    await home.shub(['fetch-eggs']);
    const zip = await readFile(join(home.projectDir, `eggs-${project}.zip`));
    const names = `import io, zipfile; z = zipfile.ZipFile(${JSON.stringify(join(home.projectDir, `eggs-${project}.zip`))}); print(z.namelist(), z.testzip())`;
    const { stdout } = await promisify(execFile)(clientsPython(), ['-c', names]);
    expect([zip.subarray(0, 2).toString(), stdout.trim()]).toEqual([
      'PK',
      "['library.egg', '__main__.egg'] None",
    ]);

    const { value: copy } = await createAdminStore(service.db.database).createProject({
      id: null,
      organisation: 'acme',
      name: 'copy',
      paused: false,
    });
    const copied = await home.shub([
      'copy-eggs',
      '--source_project',
      String(project),
      '--new_project',
      String(copy.id),
    ]);
    expect(copied.output).toContain(`Deploying dependency library 1.2 to Scrapy Cloud project ${copy.id}`);
    expect(copied.output).toContain('{"status":"ok","egg":{"name":"library","version":"1.2"}}');
    const there = await service.call(`/api/eggs/list.json?project=${copy.id}`);
    expect(await there.json()).toEqual({ status: 'ok', eggs: [{ name: 'library', version: '1.2' }] });

    await home.shub(['migrate-eggs'], 'y\ny\n');
    expect(await readFile(join(home.projectDir, 'scrapinghub.yml'), 'utf8')).toContain('./eggs/library.egg');
    expect((await readFile(join(home.projectDir, 'eggs/library.egg'))).subarray(0, 2).toString()).toBe('PK');

    const gone = await service.call('/api/eggs/delete.json', { project: String(project), name: 'library' });
    expect(gone.status).toBe(200);
    const none = await service.call(`/api/eggs/list.json?project=${project}`);
    expect(await none.json()).toEqual({ status: 'ok', eggs: [] });
  });
});
