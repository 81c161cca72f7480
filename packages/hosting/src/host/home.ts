import { createHash } from 'node:crypto';
import { chownSync, existsSync, lstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { keepPrivate } from '@spiderhub/platform';
import { inherited } from '../environment.ts';
import { say, UserError } from '../say.ts';
import { type Account, canEnter } from './account.ts';

/** Where everything of one installation lies. */
export interface Home {
  /** SPIDERHUB_HOME. */
  path: string;
  /** User of the embedded Postgres, null when it is ours. */
  account: Account | null;
  /** Postgres's own directory, owned by its user. */
  postgres: string;
  /** Directory of the sockets, mode 0700; its path is short enough for them. */
  sockets: string;
  logs: string;
  /** Held by whoever runs servers on this home. */
  lock: string;
}

/** The kernel takes 108 bytes with the final zero, macOS 104, and the longest name in the directory is `/.s.PGSQL.5432`. */
const MAX_SOCKET_DIRECTORY = 80;

/** Chooses and creates the directories of an installation. Always chooses the same for the same home. */
export function openHome(path: string, account: Account | null): Home {
  makeDirectory(path, account ? 0o711 : 0o700);
  const base = baseFor(path, account);
  const home: Home = {
    path,
    account,
    postgres: join(base, 'postgres'),
    sockets: socketDirectory(base, path),
    logs: join(path, 'logs'),
    lock: join(path, 'lock'),
  };
  makeDirectory(home.logs, 0o700);
  for (const words of keepPrivate(path, { passable: account !== null && base === path }))
    say(`Home: ${words}`);
  makePrivate(home.postgres, account);
  makePrivate(home.sockets, account);
  return home;
}

/** Removes a temporary home with all that belongs to it elsewhere. */
export function removeHome(home: Home): void {
  const outside = stateDirectory(home.path);
  for (const path of [home.path, home.sockets, home.postgres]) rmSync(path, { recursive: true, force: true });
  if (home.postgres.startsWith(outside)) rmSync(outside, { recursive: true, force: true });
}

/** The home itself, unless the user of Postgres cannot get there (a clone in /root). */
function baseFor(path: string, account: Account | null): string {
  if (!account) return path;
  const outside = stateDirectory(path);
  if (!existsSync(outside) && canEnter(account, path)) return path;
  say(`PostgreSQL: user ${account.name} cannot enter ${path}, data goes to ${outside}`);
  makeDirectory(outside, 0o711);
  return outside;
}

function stateDirectory(path: string): string {
  return join('/var/lib/spiderhub', shortHash(path));
}

function socketDirectory(base: string, path: string): string {
  const near = join(base, 'run');
  if (Buffer.byteLength(near) <= MAX_SOCKET_DIRECTORY) return near;
  const runtime = inherited.XDG_RUNTIME_DIR;
  const name = `spiderhub-${process.getuid?.() ?? 0}-${shortHash(path)}`;
  const far = [runtime, tmpdir(), '/tmp'].filter((folder) => folder !== undefined && existsSync(folder));
  const short = far
    .map((folder) => join(folder ?? '/', name))
    .find((each) => each.length <= MAX_SOCKET_DIRECTORY);
  return short ?? join('/tmp', name);
}

function shortHash(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 10);
}

function makeDirectory(path: string, mode: number): void {
  try {
    makeEach(path, mode);
  } catch (error) {
    throw new UserError(`Cannot make ${path} (${(error as Error).message}): choose another SPIDERHUB_HOME`);
  }
}

/** Directory by directory: Node's own `recursive` never returns where the system says ENOENT to all, as /proc does. */
function makeEach(path: string, mode: number): void {
  if (isDirectory(path)) return;
  if (dirname(path) !== path) makeEach(dirname(path), mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (!isDirectory(path)) throw error;
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** In a shared directory like /tmp somebody else could have made it first: then it must not be used. */
function makePrivate(path: string, account: Account | null): void {
  makeDirectory(path, 0o700);
  const owner = account?.uid ?? process.getuid?.() ?? 0;
  const found = lstatSync(path);
  if (account && found.uid === 0) chownSync(path, account.uid, account.gid);
  else if (found.uid !== owner)
    throw new UserError(
      `${path} belongs to another user: start as that user, or choose another SPIDERHUB_HOME`,
    );
  if (!found.isDirectory() || (found.mode & 0o077) !== 0)
    throw new UserError(`${path} must be a directory with mode 0700`);
}
