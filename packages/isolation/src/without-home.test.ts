import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withoutHome } from './without-home.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'home-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('refuses a home that every box would show, also behind a link, and one around which a Python lies', () => {
  const link = join(folder, 'link');
  symlinkSync('/usr/lib', link);
  expect(() => withoutHome([], '/usr/lib')).toThrow('SPIDERHUB_HOME lies in /usr, which every box shows');
  expect(() => withoutHome([], link)).toThrow('SPIDERHUB_HOME lies in /usr, which every box shows');
  expect(() => withoutHome([tmpdir()], folder)).toThrow('belongs to the Python of crawls');
  expect(withoutHome([link], folder)).toEqual([link]);
});
