import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@spiderhub/core';
import { hasCode } from '@spiderhub/platform';
import { removeTree, reserve, writeDeadline } from './files.ts';

/** Where everything of one attempt lies. Only this process's user may enter it: it holds the job's token. */
export interface JobDirectory {
  root: string;
  /** What the shim executes: program, environment, working directory. */
  launch: string;
  /** Written by the shim once the crawl runs: who it is. */
  shim: string;
  /** Output of the shim itself; normally empty. */
  shimLog: string;
  /** Written by the shim once the whole group is gone: how the crawl ended. */
  exit: string;
  /** Monotonic ms after which the shim kills the crawl. */
  deadline: string;
  /** How many times the crawl was asked to stop. */
  stop: string;
  /** Why it was asked to stop. */
  stopReason: string;
  /** Its presence asks for the end of the whole group. */
  kill: string;
  /** The FIFO that the crawl writes to. */
  pipe: string;
  spool: string;
  checkpoint: string;
  /** The job and the settings, as files because one environment variable holds at most 128 KiB. */
  job: string;
  settings: string;
  /** Working directory and HOME of the crawl. */
  home: string;
  tmp: string;
}

export function jobDirectory(root: string): JobDirectory {
  return {
    root,
    launch: join(root, 'launch.json'),
    shim: join(root, 'shim.json'),
    shimLog: join(root, 'shim.log'),
    exit: join(root, 'exit.json'),
    deadline: join(root, 'deadline'),
    stop: join(root, 'stop'),
    stopReason: join(root, 'stop-reason'),
    kill: join(root, 'kill'),
    pipe: join(root, 'pipe'),
    spool: join(root, 'spool'),
    checkpoint: join(root, 'checkpoint.json'),
    job: join(root, 'job.json'),
    settings: join(root, 'settings.json'),
    home: join(root, 'home'),
    tmp: join(root, 'tmp'),
  };
}

const DIRECTORY_NAME = /^([1-9][0-9]{0,14})-([1-9][0-9]{0,9})$/;

export function directoryName(attempt: { id: number; attempt: number }): string {
  return `${attempt.id}-${attempt.attempt}`;
}

/** Which attempt a directory belongs to, null when it is something else. */
export function readDirectoryName(name: string): { id: number; attempt: number } | null {
  const match = DIRECTORY_NAME.exec(name);
  return match ? { id: Number(match[1]), attempt: Number(match[2]) } : null;
}

/**
 * Makes the directory of an attempt with its folders, whose crawl may live until then on the monotonic clock, ms. Throws
 * `conflict` when it is there already; otherwise nothing is left of one that could not be made.
 */
export async function makeJobDirectory(
  workDir: string,
  name: string,
  liveUntilMs: number,
): Promise<JobDirectory> {
  const directory = jobDirectory(join(workDir, name));
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  try {
    await mkdir(directory.root, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new DomainError('conflict', 'attempt_exists', `attempt ${name} was started here before`, {
      cause: error,
    });
  }
  try {
    for (const path of [directory.home, directory.tmp, directory.spool]) await mkdir(path, { mode: 0o700 });
    await writeDeadline(directory.deadline, liveUntilMs);
    // A disk that is full by then keeps no crawl from being ended, and no end from being told.
    for (const path of [directory.shim, directory.stop, directory.kill, directory.exit]) await reserve(path);
  } catch (error) {
    await removeTree(directory.root);
    throw error;
  }
  return directory;
}
