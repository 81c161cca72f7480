import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeProgram } from '../testing/fake-programs.ts';
import { findPostgres } from './find.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postgres-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with the programs of a version; `says` is the answer to `--version`. */
function programs(name: string, says: string, initdb = true): string {
  const bin = join(folder, name);
  fakeProgram(join(bin, 'postgres'), `echo '${says}'`);
  if (initdb) fakeProgram(join(bin, 'initdb'), 'true');
  return bin;
}

it('lists what works in the order in which it is preferred', async () => {
  const debian = programs('debian', 'postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)');
  const newest = programs('newest', 'postgres (PostgreSQL) 18.4');
  expect(await findPostgres([debian, newest])).toEqual([
    { bin: debian, major: 15, version: '15.18' },
    { bin: newest, major: 18, version: '18.4' },
  ]);
});

it('leaves out what is too old, what cannot make a data directory and what cannot run here', async () => {
  const old = programs('old', 'postgres (PostgreSQL) 13.22');
  const clientOnly = programs('client', 'postgres (PostgreSQL) 16.1', false);
  const foreign = programs('foreign', 'something else');
  const broken = programs('broken', 'postgres (PostgreSQL) 16.1');
  fakeProgram(join(broken, 'postgres'), 'exit 126');
  expect(await findPostgres([old, clientOnly, foreign, broken, join(folder, 'nowhere')])).toEqual([]);
});
