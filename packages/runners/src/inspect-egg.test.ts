import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DomainError, EggContents, EggToInspect } from '@spiderhub/core';
import { LAUNCHER_DIR, makeWheel, REQUIREMENTS_PATH, requirePython } from './contract/support.ts';
import { createEnvironments } from './environments.ts';
import { createEggInspector } from './inspect-egg.ts';
import { checkZip } from './zip.ts';

/** By then a project has been imported so far that it hangs, also on a busy machine. */
const IMPORTED_MS = 10_000;
const MAKE_EGGS = resolve(__dirname, '../fixtures/make_eggs.py');

describe('egg inspector', () => {
  let root: string;
  let requirements: string;
  const python = requirePython();

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'inspector-'));
    execFileSync(python, [MAKE_EGGS, root]);
    requirements = await makeWheel(root);
  });
  afterAll(() => rm(root, { recursive: true }));

  function inspect(
    name: string,
    more: Partial<EggToInspect> & { timeoutMs?: number; log?: (line: string) => void } = {},
  ): Promise<EggContents> {
    const { timeoutMs = 60_000, log = () => {}, ...egg } = more;
    const environments = createEnvironments({
      basePython: python,
      envsDir: join(root, 'envs'),
      baseRequirementsPath: REQUIREMENTS_PATH,
      launcherDir: LAUNCHER_DIR,
      env: { PIP_NO_INDEX: '1', PIP_FIND_LINKS: root },
    });
    const inspector = createEggInspector({
      environments,
      launcherDir: LAUNCHER_DIR,
      workDir: join(root, 'work'),
      timeoutMs,
    });
    const eggPath = join(root, `${name}.egg`);
    return inspector.inspect(
      { project: 7, eggPath, extraEggPaths: [], requirements: null, stack: null, ...egg },
      log,
    );
  }

  it('finds spiders, sorted, and scripts, and leaves nothing behind', async () => {
    expect(await inspect('good')).toEqual({
      settingsModule: 'shop.settings',
      spiders: ['a', 'b'],
      scripts: ['report.py'],
      stack: expect.stringMatching(/^scrapy:2\.\d+$/),
    });
    expect(readdirSync(join(root, 'work'))).toEqual([]);
  });

  it('is not misled by a project that prints and logs its output', async () => {
    expect(await inspect('log-stdout')).toMatchObject({ spiders: ['a', 'b'] });
    expect(await inspect('no-output')).toMatchObject({ spiders: ['a', 'b'] });
  });

  it('accepts a project without spiders and says so', async () => {
    const lines: string[] = [];
    expect((await inspect('no-spiders', { log: (line) => lines.push(line) })).spiders).toEqual([]);
    expect(lines).toContain('The project has no spiders.');
  });

  it('does not look for what a spider has switched off', async () => {
    expect((await inspect('switched-off')).spiders).toEqual(['a']);
  });

  it('warns of start_requests() that nobody calls, not where start() is there as well, and of old middlewares', async () => {
    const warningsOf = async (name: string) => {
      const lines: string[] = [];
      await inspect(name, { log: (line) => lines.push(line) });
      return lines.filter((line) => line.startsWith('WARNING'));
    };
    expect(await warningsOf('start-requests')).toEqual([
      expect.stringMatching(/^WARNING: spider a: its start_requests\(\) is not called by Scrapy 2\./),
    ]);
    expect(await warningsOf('both-starts')).toEqual([]);
    expect(await warningsOf('old-middleware')).toEqual([
      expect.stringMatching(/^WARNING: shop\.old\.Old: its process_spider_output\(\) is no async generator/),
    ]);
  });

  it('refuses a stack that there is not, and keeps what the project had', async () => {
    await expect(inspect('good', { stack: 'scrapy:1.8' })).rejects.toMatchObject({ code: 'unknown_stack' });
    const { stack } = await inspect('good');
    expect((await inspect('good', { keptStack: `${stack}-20240417` })).stack).toBe(`${stack}-20240417`);
    // Stored when any name was taken.
    expect((await inspect('good', { keptStack: 'scrapy:1.8' })).stack).toBe(stack);
  });

  it.each([
    ['text', 'not a ZIP file'],
    ['nothing', 'not a ZIP file'],
    ['truncated', 'not a ZIP file'],
    ['prefixed', 'not a ZIP file'],
    ['slip', 'unsafe path'],
    ['absolute', 'unsafe path'],
    ['backslash', 'unsafe path'],
    ['link', 'unsafe path'],
    ['twice', 'two entries named "shop/__init__.py"'],
    ['below-file', 'unsafe path "shop/settings.py/x"'],
    ['file-above', 'unsafe path "shop/a/b"'],
    ['double-slash', 'unsafe path'],
    ['dot', 'unsafe path'],
    ['long-part', 'cannot be unpacked: ENAMETOOLONG'],
    ['bomb', 'unpacks to 201 MB, 200 MB are allowed'],
    ['lying', 'cannot be unpacked'],
    ['many', 'more than 20000 entries'],
    ['no-entry', 'no scrapy settings entry point'],
    ['no-info', 'no scrapy settings entry point'],
    ['parent-folder', 'all lies in the folder "shop-1.0"'],
    ['source', "this is a project's source"],
    ['odd-entry', 'is not a module: os:system'],
    ['import-error', "No module named 'no_such_module'"],
    ['forging', 'the spiders cannot be listed'],
    ['blank-name', 'spider name " ": expected 1 to 255 printable characters'],
    ['line-name', 'spider name "a\\nb": expected 1 to 255'],
    ['half-name', 'spider name "a\\ud800": expected 1 to 255'],
    ['long-name', 'expected 1 to 255'],
    ['many-names', 'more than 5000 spiders'],
    ['long-script', 'script name "ä\\tb.py": expected 1 to 255'],
    ['hungry', 'MemoryError'],
    [
      'bad-handler',
      'spider a: DOWNLOAD_HANDLERS names no_such.Handler, which cannot be imported: ModuleNotFound',
    ],
    [
      'own-reactor',
      'spider a: a module of the project imports twisted.internet.reactor, which installs it too',
    ],
    ['bad-pipeline', 'spider a: ITEM_PIPELINES names shop.pipelines.Gone, which cannot be imported'],
    ['bad-settings', "spider a: its settings cannot be made: KeyError: 'TOKEN'"],
  ])('refuses %s.egg: %s', async (name, reason) => {
    const refusal = await inspect(name).catch((error: DomainError) => error);
    expect(refusal).toMatchObject({
      kind: 'invalid',
      code: 'bad_egg',
      message: expect.stringContaining(reason) as string,
    });
    const words = (refusal as DomainError).message.split('\n', 1)[0];
    expect(words).not.toContain(root);
    expect(readdirSync(join(root, 'work'))).toEqual([]);
  });

  it('takes folders that are entries of their own, and as many and as long names as it promises', async () => {
    expect((await inspect('folders')).spiders).toEqual(['a', 'b']);
    expect((await inspect('longest-names')).spiders).toHaveLength(5000);
  });

  it('judges a ZIP file by its directory alone', async () => {
    await checkZip(join(root, 'good.egg'));
    await expect(checkZip(join(root, 'text.egg'))).rejects.toMatchObject({ message: 'egg: not a ZIP file' });
    for (const name of ['nothing', 'truncated', 'slip', 'below-file', 'bomb']) {
      await expect(checkZip(join(root, `${name}.egg`))).rejects.toMatchObject({ code: 'bad_egg' });
    }
  });

  it('lists only scripts that jobs can run, and names the others', async () => {
    const lines: string[] = [];
    const found = await inspect('shell', { log: (line) => lines.push(line) });
    expect(found.scripts).toEqual(['py', 'report.py']);
    expect(lines).toContain('No jobs can run these scripts, which are not in Python: go, run.sh');
  });

  it('takes data that compresses well', async () => {
    expect((await inspect('table')).spiders).toEqual(['a', 'b']);
  });

  it('lets a project reserve address space, as JavaScript engines do', async () => {
    expect((await inspect('reserving')).spiders).toEqual(['a', 'b']);
  });

  it('does not take what a project prints for its spiders', async () => {
    expect((await inspect('loud')).spiders).toEqual(['a', 'b']);
  });

  it('ends a project that never finishes importing, with all that it started', async () => {
    await expect(inspect('endless', { timeoutMs: IMPORTED_MS })).rejects.toMatchObject({
      message: expect.stringContaining(`took more than ${IMPORTED_MS / 1000} s\nstill here`) as string,
    });
    expect(runningWith('sleep\u0000611')).toEqual([]);
  });

  it('ends what a project leaves behind, though it has another parent, session and environment', async () => {
    expect((await inspect('hiding')).spiders).toEqual(['a', 'b']);
    expect(runningWith('sleep\u0000612')).toEqual([]);
    await expect(inspect('hiding-endless', { timeoutMs: IMPORTED_MS })).rejects.toMatchObject({
      message: expect.stringContaining(`took more than ${IMPORTED_MS / 1000} s`) as string,
    });
    expect(runningWith('sleep\u0000613')).toEqual([]);
  });

  it('gives a project the packages of its requirements.txt, and nobody else', async () => {
    expect((await inspect('needing', { requirements })).spiders).toEqual(['a', 'b']);
    await expect(inspect('needing')).rejects.toMatchObject({
      message: expect.stringContaining("No module named 'tinydep'") as string,
    });
  });

  it('builds an environment once for any number of deploys at the same time', async () => {
    const own = `${requirements}six\n`;
    const lines: string[] = [];
    const deploy = () => inspect('needing', { requirements: own, log: (line) => lines.push(line) });
    const found = await Promise.all([deploy(), deploy(), deploy()]);
    expect(found.map(({ spiders }) => spiders.length)).toEqual([2, 2, 2]);
    expect(lines.filter((line) => line.startsWith('Successfully installed'))).toHaveLength(1);
  });

  it('refuses requirements that cannot be installed, with the words of pip', async () => {
    await expect(inspect('good', { requirements: 'no-such-package-at-all==1\n' })).rejects.toMatchObject({
      kind: 'invalid',
      code: 'bad_requirements',
      message: expect.stringContaining('No matching distribution found for no-such-package-at-all') as string,
    });
  });

  it.each(['-r /etc/passwd', '--find-links=/etc', 'a @ file:///etc/passwd', 'x @ https://127.1/x.zip'])(
    'refuses the requirement %s before pip hears of it',
    async (line) => {
      const lines: string[] = [];
      const refused = inspect('good', { requirements: `six\n${line}\n`, log: (said) => lines.push(said) });
      await expect(refused).rejects.toMatchObject({
        code: 'bad_requirements',
        message: expect.stringMatching(/^requirements: line 2: [^\n]+$/) as string,
      });
      expect(lines).toEqual(['Settings module: shop.settings']);
    },
  );

  it('takes modules from extra eggs', async () => {
    const extra = join(root, 'extra.egg');
    execFileSync(python, [
      '-c',
      `import zipfile; zipfile.ZipFile(${JSON.stringify(extra)}, "w").writestr("tinydep.py", "")`,
    ]);
    expect((await inspect('needing', { extraEggPaths: [extra] })).spiders).toEqual(['a', 'b']);
  });
});

/** Process ids whose command line holds this text. */
function runningWith(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      return execFileSync('cat', [`/proc/${name}/cmdline`], { stdio: 'pipe' })
        .toString()
        .includes(text);
    } catch {
      return false;
    }
  });
}
