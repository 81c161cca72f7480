import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newSecretKey } from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { type Service, startService } from '../../support/service.ts';
import { deployEgg, smallEgg } from '../../support/small-egg.ts';
import { treeOf } from '../../support/tree.ts';

jest.setTimeout(400_000);

const CLI = join(__dirname, '../../../apps/cli/dist/main.js');
/** Searched for wherever it must not be. */
const SECRET = 'planted-secret-4f1d';

const SPIDERS = `
import os
import scrapy

class Seen(scrapy.Spider):
    name = 'seen'
    start_urls = ['data:,']
    custom_settings = {'DOWNLOAD_DELAY': 0.2}

    def parse(self, response):
        yield {name: os.environ.get(name) for name in ('NEEDED', 'TOKEN', 'LAYER', 'MINE')}
        for number in range(10_000 if hasattr(self, 'long') else 0):
            yield scrapy.Request('data:,%d' % number, lambda response: None)
`;
const egg = () =>
  smallEgg(SPIDERS, "import os\nNEEDED = os.environ['NEEDED']\nTOKEN = os.environ['TOKEN']\n");

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { SECRETS_KEY: newSecretKey() } });
});
afterAll(() => service.stop());

async function env(words: string, input = ''): Promise<string> {
  const args = ['admin', 'project', 'env', '--id', String(service.team.project), ...words.split(' ')];
  const running = promisify(execFile)(process.execPath, [CLI, ...args], { env: service.env });
  running.child.stdin?.end(input);
  return (await running).stdout;
}

const verdict = (lines: string[]) => JSON.parse(lines.at(-1) ?? '{}') as { status: string; message?: string };

interface Metadata {
  state: string;
  environment?: Record<string, string>;
}

async function metadataOf(jobid: string): Promise<Metadata> {
  return (await (await service.call(`/storage/jobs/${jobid}`)).json()) as Metadata;
}

async function run(form: Record<string, string> = {}): Promise<string> {
  const answer = await service.call('/api/run.json', {
    project: String(service.team.project),
    spider: 'seen',
    nonce: Math.random().toString(36),
    ...form,
  });
  return ((await answer.json()) as { jobid: string }).jobid;
}

async function itemsOf(jobid: string): Promise<unknown[]> {
  await eventually(async () => expect((await metadataOf(jobid)).state).toBe('finished'), {
    timeoutMs: 150_000,
  });
  return (await (await service.call(`/storage/items/${jobid}?format=json`)).json()) as unknown[];
}

it('deploys a project that reads its environment once that is set, in every dialect', async () => {
  const before = verdict(await deployEgg(service, egg()));
  expect(before.message).toContain("KeyError: 'NEEDED'");
  expect(before.message).toContain('npm run admin -- project env');
  const shown = await env('--set NEEDED=yes --secret TOKEN', `${SECRET}\n`);
  expect(shown).toContain('****');
  expect(shown).not.toContain(SECRET);
  expect(verdict(await deployEgg(service, egg()))).toMatchObject({ status: 'ok', spiders: 1 });
  const { name } = await service.db.database('projects').where({ id: service.team.project }).first('name');
  const form = new FormData();
  form.set('project', name);
  form.set('version', '2.0');
  form.set('egg', new Blob([new Uint8Array(egg())]), 'small.egg');
  const scrapyds = await service.call('/scrapyd/addversion.json', form);
  expect(await scrapyds.json()).toMatchObject({ status: 'ok', spiders: 1 });
});

it("gives a crawl its project's variables, below its spider's, below its own", async () => {
  await env('--set LAYER=project --set MINE=project');
  await env('--spider seen --set LAYER=spider --set MINE=spider');
  const seen = { NEEDED: 'yes', TOKEN: SECRET, LAYER: 'spider', MINE: 'job' };
  expect(await itemsOf(await run({ environment: '{"MINE":"job"}' }))).toMatchObject([seen]);
});

it('shows a secret to the crawl and to nobody else', async () => {
  const jobid = await run({ long: '1', environment: `{"TOKEN":"${SECRET}-of-the-job","MINE":"open"}` });
  const items = async () => (await service.call(`/storage/items/${jobid}?format=json`)).json();
  const own = [{ TOKEN: `${SECRET}-of-the-job` }];
  await eventually(async () => expect(await items()).toMatchObject(own), { timeoutMs: 120_000 });
  expect((await metadataOf(jobid)).environment).toEqual({ TOKEN: '****', MINE: 'open' });
  expect(readersOf(SECRET)).toEqual([]);
  expect(await filesWith(SECRET, service.home)).toEqual([expect.stringMatching(/launch\.json$/)]);
  await service.call('/api/jobs/stop.json', { project: String(service.team.project), job: jobid });
  await itemsOf(jobid);
  expect(await filesWith(SECRET, service.home)).toEqual([]);
  expect(await rowsWith(SECRET)).toEqual(['job_details']);
});

it('masks it in what a deploy says', async () => {
  const telling = "import os\nprint(os.environ['TOKEN'])\nraise ValueError('it is ' + os.environ['TOKEN'])\n";
  const lines = (await deployEgg(service, smallEgg(SPIDERS, telling))).join('\n');
  expect(lines).toContain('ValueError: it is ****');
  expect(lines).not.toContain(SECRET);
});

/** Processes in whose environment a text stands. */
function readersOf(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
}

/** Files in which a text stands; each must be readable for its owner alone. */
async function filesWith(text: string, root: string): Promise<string[]> {
  const found: string[] = [];
  for (const { path, entry } of treeOf(root)) {
    // Items are the customer's own words.
    if (!entry.isFile() || path.includes('/spool/') || path.includes('/streams/')) continue;
    const content = await readFile(path, 'latin1').catch(() => '');
    if (!content.includes(text)) continue;
    expect((await stat(path)).mode & 0o077).toBe(0);
    found.push(path);
  }
  return found;
}

/** Tables with a row in which a text stands. */
async function rowsWith(text: string): Promise<string[]> {
  const { rows } = await service.db.database.raw(
    "select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
  );
  const found: string[] = [];
  for (const { name } of rows as { name: string }[]) {
    const { rows: hits } = await service.db.database.raw('select from ?? t where t::text like ? limit 1', [
      name,
      `%${text}%`,
    ]);
    if (hits.length > 0) found.push(name);
  }
  return found;
}
