import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eggName } from './egg-name.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'egg-name-'));
  mkdirSync(join(root, 'EGG-INFO'));
});
afterEach(() => rmSync(root, { recursive: true }));

it.each([
  ['Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n', 'shop-1.0.egg'],
  ['Name: my-shop\r\nVersion: 1.0+local\r\n', 'my_shop-1.0_local.egg'],
  ['Name: ../../shop\n', '.._.._shop-0.egg'],
  ['Summary: x\n\nName: of the text\n', 'project-0.egg'],
  ['', 'project-0.egg'],
])('is what importlib.metadata reads the name from: %j', async (text, name) => {
  writeFileSync(join(root, 'EGG-INFO/PKG-INFO'), text);
  expect(await eggName(root)).toBe(name);
});

it('is there for an egg that names nothing', async () => {
  rmSync(join(root, 'EGG-INFO'), { recursive: true });
  writeFileSync(join(root, 'EGG-INFO'), 'a file');
  expect(await eggName(root)).toBe('project-0.egg');
});
