import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allInPath, isExecutable } from '../host/find.ts';
import { run } from '../host/run.ts';

/** One set of PostgreSQL programs. */
export interface PostgresPrograms {
  /** Directory of `initdb` and `postgres`. */
  bin: string;
  major: number;
  version: string;
}

/** Below 14 some SQL of ours does not exist. */
export const OLDEST_MAJOR = 14;

/** Debian and Red Hat keep versions side by side outside of the search path; Homebrew does so for old ones. */
const SIDE_BY_SIDE = [
  { root: '/usr/lib/postgresql', bin: 'bin' },
  { root: '/usr/local/opt', bin: 'bin', name: /^postgresql/ },
  { root: '/opt/homebrew/opt', bin: 'bin', name: /^postgresql/ },
  { root: '/usr', bin: 'bin', name: /^pgsql-\d+$/ },
];

/** Programs of this machine that work, in the order in which they are preferred. */
export async function findPostgres(directories = candidateDirectories()): Promise<PostgresPrograms[]> {
  const found = await Promise.all(directories.map(probePostgres));
  const usable = found.filter((each) => each !== null && each.major >= OLDEST_MAJOR);
  return usable as PostgresPrograms[];
}

/** Null when the programs are missing or cannot run here. */
export async function probePostgres(bin: string): Promise<PostgresPrograms | null> {
  if (!isExecutable(join(bin, 'initdb'))) return null;
  const { code, stdout } = await run(join(bin, 'postgres'), ['--version'], { cwd: '/' });
  const version = /\(PostgreSQL\) ((\d+)\S*)/.exec(stdout);
  if (code !== 0 || !version) return null;
  return { bin, major: Number(version[2]), version: version[1] ?? '' };
}

function candidateDirectories(): string[] {
  const inPath = allInPath('postgres').map(dirname);
  const beside = SIDE_BY_SIDE.flatMap(({ root, bin, name }) =>
    foldersOf(root)
      .filter((folder) => !name || name.test(folder))
      .sort((a, b) => numberIn(b) - numberIn(a))
      .map((folder) => join(root, folder, bin)),
  );
  return [...new Set([...inPath, ...beside])];
}

function foldersOf(root: string): string[] {
  try {
    return readdirSync(root);
  } catch {
    return [];
  }
}

function numberIn(name: string): number {
  return Number(/\d+/.exec(name)?.[0] ?? 0);
}
