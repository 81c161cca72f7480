import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { eventually, freePort } from '@spiderhub/testkit';
import { type Service, startService } from '../support/service.ts';
import { clientsPython } from './hubstorage/harness.ts';

/** What `docs/moving-from-*.md` tell people to do is done here, word by word, with the real clients. */

jest.setTimeout(300_000);

const CHECKOUT = resolve(__dirname, '../..');
const NPM = `#!/bin/sh
[ "$1 $2 $3" = "run admin --" ] || exit 64
shift 3
exec "${process.execPath}" "${join(CHECKOUT, 'apps/cli/dist/main.js')}" admin "$@"
`;
const KEY = randomBytes(16).toString('hex');

let service: Service;
let home: string;
let project: string;
/** Placeholders of the pages, and what stands for them here. */
let words: [RegExp, string][];

beforeAll(async () => {
  const port = await freePort();
  service = await startService({ env: { SCRAPYD_PORT: String(port) } });
  home = await mkdtemp(join(tmpdir(), 'moving-'));
  project = join(home, 'project');
  words = [
    [/http:\/\/127\.0\.0\.1:8000/g, service.url],
    [/http:\/\/127\.0\.0\.1:6800/g, `http://127.0.0.1:${port}`],
    [/https:\/\/app\.zyte\.com\//g, `${service.url}/`],
    [/https:\/\/storage\.scrapinghub\.com\//g, `${service.url}/storage`],
    [/\/var\/lib\/scrapyd/g, home],
    [/\b(OLD)?KEY\b/g, KEY],
  ];
  await write('bin/npm', NPM);
  await chmod(join(home, 'bin/npm'), 0o755);
  await write('project/shop/__init__.py', '');
  await write('project/shop/settings.py', "SPIDER_MODULES = ['shop.spiders']\n");
  await write('project/shop/spiders.py', spider('myspider'));
  await write('project/scrapy.cfg', SETTINGS);
  await write('project/setup.py', SETUP);
  for (const folder of ['dbs', 'eggs', 'logs']) await mkdir(join(home, folder));
});
afterAll(async () => {
  await service?.stop();
  await rm(home, { recursive: true, force: true });
});

const SETTINGS = '[settings]\ndefault = shop.settings\n';
const SETUP = `from setuptools import find_packages, setup

setup(name='shop', version='1.0', packages=find_packages(), entry_points={'scrapy': ['settings = shop.settings']})
`;

const spider = (name: string) => `import scrapy


class ${name.toUpperCase()}(scrapy.Spider):
    name = '${name}'
    start_urls = ['data:,x']

    def parse(self, response):
        self.logger.info('category %s', getattr(self, 'category', None))
        yield {'category': getattr(self, 'category', None)}
`;

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(home, path)), { recursive: true });
  await writeFile(join(home, path), text);
}

/** The fenced blocks of a page in one language, with this service's words in them. */
async function blocks(page: string, language: string): Promise<string[]> {
  const text = await readFile(join(CHECKOUT, 'docs', page), 'utf8');
  const found = [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))];
  return found.map(([, code = '']) => words.reduce((all, [word, ours]) => all.replace(word, ours), code));
}

/** Runs a program in the project's folder and returns all that it wrote; throws with it when it fails. */
function run(file: string, args: string[]): Promise<string> {
  const env = {
    ...service.env,
    PATH: [join(home, 'bin'), dirname(clientsPython()), process.env.PATH].join(delimiter),
    HOME: home,
    SHUB_APIURL: `${service.url}/api/`,
    SHUB_STORAGE: `${service.url}/storage`,
    https_proxy: 'http://127.0.0.1:9',
  };
  const options = { cwd: project, env };
  return new Promise((done, failed) => {
    execFile(file, args, options, (error, stdout, stderr) =>
      error ? failed(new Error(`${stdout}${stderr}`)) : done(stdout + stderr),
    );
  });
}

/** Each block in a shell of its own, which knows what the earlier ones exported. */
async function runAll(shell: string[], before: () => Promise<void> = async () => {}): Promise<string[]> {
  const outputs: string[] = [];
  let exported = '';
  for (const block of shell) {
    await before();
    outputs.push(await run('bash', ['-ec', exported + block]));
    exported += block
      .split('\n')
      .filter((line) => line.startsWith('export '))
      .map((line) => `${line}\n`)
      .join('');
  }
  return outputs;
}

it('moving from Scrapy Cloud goes as its page says', async () => {
  const page = 'moving-from-scrapy-cloud.md';
  const [config = ''] = await blocks(page, 'yaml');
  await write('.scrapinghub.yml', config);
  const [made, , used] = await runAll(await blocks(page, 'sh'));
  expect(made).toContain(KEY);
  expect(used).toContain('"status":"ok"');
  expect(used).toContain('INFO [myspider] category books');
  expect(used).toContain('"category":"books"');

  const [copy = ''] = await blocks(page, 'python');
  const { team, url } = service;
  const client = (key: string, id: number) =>
    `ScrapinghubClient('${key}', dash_endpoint='${url}/api/', endpoint='${url}/storage').get_project(${id})`;
  const one = `.collections.get('s', 'kept')`;
  // Here another project of the same service stands for the one over there.
  const moved = copy
    .replace(`ScrapinghubClient(${KEY})`, `ScrapinghubClient('${team.key}')`)
    .replace(', here.get_project(12345)', `, here.get_project(${team.project})`);
  const script = `from scrapinghub import ScrapinghubClient
${client(KEY, 12345)}${one}.set({'_key': 'a', 'v': 1})
OLD_KEY = '${KEY}'
${moved}
print(list(${client(team.key, team.project)}${one}.iter()))
`;
  expect(await run(clientsPython(), ['-c', script])).toContain("[{'v': 1, '_key': 'a'}]");
});

it('moving from Scrapyd goes as its page says', async () => {
  const page = 'moving-from-scrapyd.md';
  await rm(join(project, 'setup.py'), { force: true });
  await write('project/shop/spiders.py', `${spider('myspider')}\n\n${spider('books')}`);
  const [target = ''] = await blocks(page, 'ini');
  await write('project/scrapy.cfg', `${SETTINGS}\n${target}`);
  const isIdle = async () => {
    const { rows } = await service.db.database.raw(
      `select 1 from jobs where state in ('pending', 'running') limit 1`,
    );
    expect(rows).toEqual([]);
  };
  const outputs = await runAll(await blocks(page, 'sh'), () => eventually(isIdle, { timeoutMs: 150_000 }));
  const [, , , deployed, files] = outputs;
  expect(deployed).toContain('"spiders": 2');
  expect(deployed).toMatch(/shop \/ books => [0-9a-f]{32}/);
  expect(deployed).toContain('"jobid": "today"');
  expect(files).toContain('INFO: category None');
  expect(files).toContain('{"category":null');
});
