import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeProgram } from '../testing/fake-programs.ts';
import { allInPath } from './find.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'find-'));
  for (const name of ['a', 'b']) fakeProgram(join(folder, name, 'tool'), 'true');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function path(...names: string[]): string {
  return names.map((name) => join(folder, name)).join(':');
}

it('finds every program of a name in the order of the search path, each once', () => {
  const found = allInPath('tool', path('b', 'a', 'b'));
  expect(found).toEqual([join(folder, 'b/tool'), join(folder, 'a/tool')]);
});

it('finds nothing that cannot be executed, and nothing in a folder that depends on where we are', () => {
  mkdirSync(join(folder, 'c/tool'), { recursive: true });
  mkdirSync(join(folder, 'd'));
  writeFileSync(join(folder, 'd/tool'), 'text');
  expect(allInPath('tool', `.:bin::${path('c', 'd', 'nowhere')}`)).toEqual([]);
});
