import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inherited } from '../environment.ts';
import { fakeProgram } from './fake-programs.ts';

/** For tests: a search path whose first folder holds what the test puts there. */
export interface SearchPath {
  folder: string;
  add(name: string, script: string): void;
  /** Gives the search path of before back. */
  restore(): void;
}

/** What scripts of the shell need. */
const SYSTEM = '/usr/bin:/bin';

export function ownSearchPath(): SearchPath {
  const before = inherited.PATH;
  const folder = mkdtempSync(join(tmpdir(), 'path-'));
  inherited.PATH = `${folder}:${SYSTEM}`;
  return {
    folder,
    add: (name, script) => fakeProgram(join(folder, name), script),
    restore() {
      inherited.PATH = before;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
