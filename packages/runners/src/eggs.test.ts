import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { NO_BOXING } from '@spiderhub/isolation';
import { LAUNCHER_DIR, requirePython } from './contract/support.ts';
import { createEggs, readSettingsModule } from './eggs.ts';

const MAKE_EGGS = resolve(__dirname, '../fixtures/make_eggs.py');
const python = requirePython();

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'eggs-'));
  execFileSync(python, [MAKE_EGGS, root]);
});
afterAll(() => rmSync(root, { recursive: true }));

/** Eggs of one machine; their hash is the name of one that was made above. */
function setUp() {
  const eggsDir = mkdtempSync(join(root, 'unpacked-'));
  const fetched: string[] = [];
  const blobs = {
    localPath: async (sha256: string) => {
      fetched.push(sha256);
      return join(root, `${sha256}.egg`);
    },
  };
  return {
    eggs: createEggs({ boxing: NO_BOXING, launcherDir: LAUNCHER_DIR, eggsDir, blobs }),
    eggsDir,
    fetched,
  };
}

describe('eggs of a machine', () => {
  it('are unpacked and compiled once, however many crawls want them', async () => {
    const { eggs, eggsDir, fetched } = setUp();
    const [one, two] = await Promise.all([
      eggs.unpacked('good', python, 7),
      eggs.unpacked('good', python, 7),
    ]);
    expect(await eggs.unpacked('good', python, 7)).toBe(one);
    expect([two, fetched]).toEqual([one, ['good']]);
    expect(existsSync(join(one, 'shop/__pycache__'))).toBe(true);
    expect(readdirSync(eggsDir)).toEqual([expect.stringMatching(/^good\.cpython-3\d+$/)]);
  });

  it('can be written to by nobody else', async () => {
    const { eggs } = setUp();
    const mask = process.umask(0);
    const directory = await eggs.unpacked('good', python, 7).finally(() => process.umask(mask));
    const names = ['', ...(readdirSync(directory, { recursive: true }) as string[])];
    const modes = names.map((name) => statSync(join(directory, name)).mode & 0o777);
    expect(new Set(modes)).toEqual(new Set([0o755, 0o644]));
  });

  it('leave nothing behind when they cannot be unpacked, and are tried again', async () => {
    const { eggs, eggsDir, fetched } = setUp();
    await expect(eggs.unpacked('slip', python, 7)).rejects.toMatchObject({ kind: 'invalid' });
    await expect(eggs.unpacked('slip', python, 7)).rejects.toMatchObject({ kind: 'invalid' });
    expect([readdirSync(eggsDir), fetched]).toEqual([[], ['slip', 'slip']]);
  });

  it('are taken as they are where another process was faster', async () => {
    const { eggs, eggsDir } = setUp();
    const other = createEggs({
      boxing: NO_BOXING,
      launcherDir: LAUNCHER_DIR,
      eggsDir,
      blobs: { localPath: async () => join(root, 'good.egg') },
    });
    const [one, two] = await Promise.all([
      eggs.unpacked('good', python, 7),
      other.unpacked('good', python, 7),
    ]);
    expect(two).toBe(one);
    expect(readdirSync(eggsDir)).toEqual([expect.stringMatching(/^good\.cpython-3\d+$/)]);
  });

  it('may hold modules that cannot be compiled', async () => {
    const { eggs } = setUp();
    expect(existsSync(join(await eggs.unpacked('import-error', python, 7), 'shop/spiders/all.py'))).toBe(
      true,
    );
  });
});

describe('the settings module of an egg', () => {
  async function moduleOf(entryPoints: string | null): Promise<string> {
    const egg = mkdtempSync(join(root, 'egg-'));
    await mkdir(join(egg, 'EGG-INFO'));
    if (entryPoints !== null) writeFileSync(join(egg, 'EGG-INFO/entry_points.txt'), entryPoints);
    return readSettingsModule(egg);
  }

  it.each([
    ['[scrapy]\nsettings = shop.settings\n'],
    ['[console_scripts]\nsettings = other:main\n\n[scrapy]\r\nsettings=shop.settings\r\n'],
    ['[ scrapy ]\n  settings  =  shop.settings  \n'],
  ])('is read as setuptools writes it: %j', async (text) => {
    expect(await moduleOf(text)).toBe('shop.settings');
  });

  it.each([
    [null, 'no scrapy settings entry point'],
    ['[other]\nsettings = a\n', 'no scrapy settings entry point'],
    ['settings = a\n', 'no scrapy settings entry point'],
    ['[scrapy]\nsettings = os:system\n', 'not a module: os:system'],
    ['[scrapy]\nsettings = ../a\n', 'not a module'],
    ['[scrapy]\nsettings =\n', 'not a module'],
  ])('is refused: %j', async (text, why) => {
    await expect(moduleOf(text)).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(why),
    });
  });
});
