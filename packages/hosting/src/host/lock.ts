import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAlive, type ProcessId, processId } from './process-table.ts';

/**
 * Takes the lock file and returns null, or returns who holds it. A holder that died, in whatever way, loses it.
 * The file appears with its content in one step, so nobody reads a half-written one.
 */
export function takeLock(path: string): ProcessId | null {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(processId(process.pid)));
  try {
    return takeWith(mine, path);
  } finally {
    rmSync(mine, { force: true });
  }
}

export function releaseLock(path: string): void {
  if (readHolder(path)?.pid === process.pid) rmSync(path, { force: true });
}

/** Who holds the lock now, null when it is free or its holder is dead. */
export function lockHolder(path: string): ProcessId | null {
  const holder = readHolder(path);
  return holder && isAlive(holder) ? holder : null;
}

function takeWith(mine: string, path: string): ProcessId | null {
  while (!tryLink(mine, path)) {
    const found = readHolder(path);
    if (found && isAlive(found)) return found;
    removeStale(path, found);
  }
  return null;
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Two starters may find the same dead holder: the file is moved away, and put back if it was a fresh one. */
function removeStale(path: string, stale: ProcessId | null): void {
  const aside = `${path}.stale.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (readHolder(aside)?.pid !== stale?.pid) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): ProcessId | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as ProcessId;
  } catch {
    return null;
  }
}
