import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hasCode } from '../errors.ts';
import { isAlive, type ProcessId, processId } from './identity.ts';

/**
 * Takes the lock file and returns null, or returns who holds it. A holder that died, in whatever way, loses it: to one of
 * those that try. Only for processes that see each other, on one machine or in one container.
 */
export function takeLock(path: string): ProcessId | null {
  const mine = `${path}.${process.pid}`;
  const { pid, born } = processId(process.pid);
  try {
    writeFileSync(mine, `${pid} ${born}`, { mode: 0o600 });
    return takeWith(mine, path);
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Gives the lock back, when it is ours. */
export function releaseLock(path: string): void {
  if (holderIn(readLock(path))?.pid === process.pid) rmSync(path, { force: true });
}

/** Who holds the lock now, null when it is free or its holder is dead. */
export function lockHolder(path: string): ProcessId | null {
  const holder = holderIn(readLock(path));
  return holder && isAlive(holder) ? holder : null;
}

function takeWith(mine: string, path: string): ProcessId | null {
  while (!tryLink(mine, path)) {
    const text = readLock(path);
    if (text === null) continue;
    const holder = holderIn(text);
    if (holder && isAlive(holder)) return holder;
    const faster = removeDead(mine, path, text);
    if (faster) return faster;
  }
  return null;
}

/** The file appears with its content, in one step, and only where there was none: nobody reads a half-written one. */
function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/**
 * Removes the lock of a dead holder. Of several that saw it the slower ones must not remove the lock that the fastest made
 * since: so whoever removes it holds a second lock and looks again. That one may be left behind in turn, and is then
 * taken over in the same way. Returns who is just doing it.
 */
function removeDead(mine: string, path: string, seen: string): ProcessId | null {
  const second = `${path}.heir`;
  const faster = takeWith(mine, second);
  if (faster) return faster;
  try {
    if (readLock(path) === seen) rmSync(path, { force: true });
    return null;
  } finally {
    rmSync(second, { force: true });
  }
}

/** Null: there is none. One that cannot be read names no holder; what is wrong with it is said when it is removed. */
function readLock(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return hasCode(error, 'ENOENT') ? null : '';
  }
}

const LINE = /^(\d+) (.+)$/;
/** As earlier versions of `npm start` wrote it. */
const OLD_LINE = /^\{"pid":(\d+),"born":"(.+)"\}$/;

function holderIn(text: string | null): ProcessId | null {
  const [, pid, born] = LINE.exec(text ?? '') ?? OLD_LINE.exec(text ?? '') ?? [];
  return pid && born ? { pid: Number(pid), born } : null;
}
