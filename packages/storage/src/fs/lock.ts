import { randomUUID } from 'node:crypto';
import { lstat, lutimes, mkdir, readlink, symlink, unlink } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { serviceErrors } from '@spiderhub/core';
import { hasCode } from '@spiderhub/platform';
import { isGone, processIdentity } from './process-identity.ts';
import { isMissing } from './sync.ts';

export interface LockOptions {
  /** How long a lock of another machine or container may stay unchanged before it counts as left behind, ms. */
  leaseMs?: number;
  /** How long to wait for a lock whose holder lives, ms. Then the call fails as `unavailable`. */
  waitMs?: number;
}

const LEASE_MS = 30_000;
const WAIT_MS = 60_000;
const LONGEST_PAUSE_MS = 20;

/** The last call in the queue for each path, so that calls of one process take turns without touching the disk. */
const queues = new Map<string, Promise<void>>();

/**
 * Runs `work` while no other call, of this process or another, holds the lock at `file`. The lock is a symbolic link
 * whose target names the holder: made and read in one step, so it is never half written. A lock whose process died is
 * taken over at once when that process ran beside us, and after `leaseMs` without a sign of life when it ran elsewhere.
 */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const leave = await queueFor(file);
  try {
    const me = await acquire(file, options);
    const beat = setInterval(() => void touch(file), (options.leaseMs ?? LEASE_MS) / 5);
    try {
      return await work();
    } finally {
      clearInterval(beat);
      await release(file, me);
    }
  } finally {
    leave();
  }
}

async function queueFor(file: string): Promise<() => void> {
  const before = queues.get(file);
  let leave: () => void = () => {};
  const mine = new Promise<void>((resolve) => {
    leave = resolve;
  });
  queues.set(file, mine);
  await before;
  return () => {
    if (queues.get(file) === mine) queues.delete(file);
    leave();
  };
}

async function acquire(file: string, options: LockOptions): Promise<string> {
  const me = `${processIdentity()}.${randomUUID().slice(0, 13)}`;
  const watch: Watch = { seen: '', since: 0 };
  const deadline = performance.now() + (options.waitMs ?? WAIT_MS);
  for (let pauseMs = 1; !(await tryCreate(file, me)); pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const holder = await holderOf(file);
    if (holder === null) continue;
    if (await isLeftBehind(file, holder, watch, options)) await takeAway(file, holder, options);
    else if (performance.now() > deadline)
      throw serviceErrors.unavailable('the stream', new Error(`${file} is held by ${holder}`));
    else await delay(pauseMs * (0.5 + Math.random()));
  }
  return me;
}

async function tryCreate(file: string, me: string): Promise<boolean> {
  try {
    await symlink(me, file);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    if (!isMissing(error)) throw error;
    await mkdir(path.dirname(file), { recursive: true });
    return tryCreate(file, me);
  }
}

async function holderOf(file: string): Promise<string | null> {
  try {
    return await readlink(file);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** What a waiter saw last and since when, by its own clock: clocks of other machines are not trusted. */
interface Watch {
  seen: string;
  since: number;
}

async function isLeftBehind(
  file: string,
  holder: string,
  watch: Watch,
  options: LockOptions,
): Promise<boolean> {
  const gone = isGone(holder);
  if (gone !== null) return gone;
  const beat = await lstat(file).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
  const seen = `${holder} ${beat}`;
  if (watch.seen !== seen) Object.assign(watch, { seen, since: performance.now() });
  return performance.now() - watch.since >= (options.leaseMs ?? LEASE_MS);
}

/**
 * Removes the lock of a dead holder. Two waiters may both have seen it, and the slower one must not remove the lock
 * that the faster one made since: so whoever removes it holds a second lock, named after the dead holder, and looks
 * again. That second lock may be left behind in turn and is then taken over in the same way.
 */
async function takeAway(file: string, holder: string, options: LockOptions): Promise<void> {
  const inner = `${file}.${holder.slice(holder.lastIndexOf('.') + 1)}`;
  const me = await acquire(inner, options);
  try {
    if ((await holderOf(file)) === holder) await unlink(file);
  } finally {
    await release(inner, me);
  }
}

async function touch(file: string): Promise<void> {
  const now = new Date();
  await lutimes(file, now, now).catch(() => {});
}

/** Looks before it removes: a lock that another machine took over after a long stop is not ours any more. */
async function release(file: string, me: string): Promise<void> {
  if ((await holderOf(file)) !== me) return;
  await unlink(file).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}
