import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { requirePython } from './contract/support.ts';
import { checkZip, unpackZip } from './zip.ts';

const MAKE_EGGS = resolve(__dirname, '../fixtures/make_eggs.py');

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'zip-'));
  execFileSync(requirePython(), [MAKE_EGGS, root]);
});
afterAll(() => rmSync(root, { recursive: true }));

const egg = (name: string) => join(root, `${name}.egg`);
const emptyFolder = () => mkdtempSync(join(root, 'out-'));

it('unpacks files and folders with their content, readable by their owner', async () => {
  const target = emptyFolder();
  await unpackZip(egg('folders'), target);
  const unpacked = (readdirSync(target, { recursive: true }) as string[]).sort();
  expect(unpacked).toEqual(expect.arrayContaining(['shop/settings.py', 'shop-2', 'shop.py', 'EGG-INFO']));
  expect(readFileSync(join(target, 'shop/settings.py'), 'utf8')).toContain('SPIDER_MODULES');
  expect(statSync(join(target, 'shop/settings.py')).mode & 0o777).toBe(0o644);
});

it.each([
  ['slip', 'unsafe path'],
  ['absolute', 'unsafe path'],
  ['backslash', 'unsafe path'],
  ['link', 'neither a file nor a folder'],
  ['below-file', 'clashes with'],
  ['file-above', 'clashes with'],
  ['double-slash', 'clashes with'],
  ['dot', 'clashes with'],
  ['twice', 'two entries named'],
  ['bomb', 'unpacks to 201 MB, 200 MB are allowed'],
  ['many', 'more than 20000 entries'],
  ['text', 'not a ZIP file'],
  ['nothing', 'not a ZIP file'],
  ['truncated', 'not a ZIP file'],
  ['prefixed', 'not a ZIP file'],
])('refuses %s before anything is written: %s', async (name, why) => {
  const target = emptyFolder();
  const refusal = { kind: 'invalid', message: expect.stringContaining(why) };
  await expect(checkZip(egg(name))).rejects.toMatchObject(refusal);
  await expect(unpackZip(egg(name), target)).rejects.toMatchObject(refusal);
  expect(readdirSync(target)).toEqual([]);
});

it('believes no declared size', async () => {
  await expect(unpackZip(egg('lying'), emptyFolder())).rejects.toMatchObject({ kind: 'invalid' });
});

it('names no path of this machine when the system refuses a file', async () => {
  const target = emptyFolder();
  writeFileSync(join(target, 'shop'), 'in the way');
  const refused = unpackZip(egg('good'), target);
  await expect(refused).rejects.toMatchObject({ message: expect.not.stringContaining(root) });
});
