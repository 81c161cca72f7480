import { spawnSync } from 'node:child_process';
import { UserError } from '../say.ts';

/** The user that servers run as when we are root. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

const CANDIDATES = ['postgres', 'nobody'];

/** Postgres refuses to run as root: then it gets another user. Null when we are an ordinary user ourselves. */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  for (const name of CANDIDATES) {
    const [uid, gid] = [numberOf(name, '-u'), numberOf(name, '-g')];
    if (uid && gid) return { name, uid, gid };
  }
  throw new UserError(
    'PostgreSQL does not run as root and there is no user "postgres": useradd --system postgres',
  );
}

function numberOf(name: string, flag: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

/** True when the account can enter this directory: each directory above it must let it through. */
export function canEnter(account: Account, directory: string): boolean {
  const { uid, gid } = account;
  return spawnSync('/bin/sh', ['-c', 'cd "$0"', directory], { uid, gid, cwd: '/' }).status === 0;
}

/** Options of `spawn` that start a program as the account, in a directory that it can enter. */
export function spawnAs(account: Account | null): { uid?: number; gid?: number; cwd: string } {
  return account ? { uid: account.uid, gid: account.gid, cwd: '/' } : { cwd: '/' };
}
