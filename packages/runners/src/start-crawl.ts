import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@spiderhub/core';
import { isDiskFull } from '@spiderhub/platform';
import type { CrawlExit } from './exit-watch.ts';
import { readText, writeReserved } from './files.ts';
import type { JobDirectory } from './job-directory.ts';
import { logMessage } from './pipe-messages.ts';
import type { Shim } from './shim-process.ts';
import { spoolFileName } from './spool-reader.ts';

type Log = (message: string, details?: Record<string, unknown>) => void;

export interface StartSteps {
  /** Makes the directory ready; may take minutes. */
  prepare: () => Promise<void>;
  /** Starts the shim of a directory that is ready. */
  startShim: () => Promise<Shim>;
  log: Log | undefined;
}

/** A crawl on its way from a request to a process. */
export interface Starting {
  /** True until its shim, or the attempt to start one, has ended. */
  isAlive: () => boolean;
  /** Settles when `isAlive` turns false. */
  gone: Promise<void>;
  /** Ends it as if by this signal, unless it was started already. */
  giveUp(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * Starts a crawl without making anybody wait. The crawl exists meanwhile: its deadline can be moved, it can be stopped,
 * and whatever goes wrong becomes its log and its exit.
 */
export function startInBackground(
  directory: JobDirectory,
  { prepare, startShim, log }: StartSteps,
): Starting {
  let alive = true;
  let giveUp: (signal: 'SIGTERM' | 'SIGKILL') => void = () => {};
  const givenUp = new Promise<'SIGTERM' | 'SIGKILL'>((resolve) => {
    giveUp = resolve;
  });

  /** The shim, or null when it was never needed. Nothing may go wrong here once it runs: from then on it reports. */
  async function start(): Promise<Shim | null> {
    const signal = await Promise.race([prepare(), givenUp]);
    if (!signal) return startShim();
    await writeExit(directory, { code: null, signal, deadlinePassed: false });
    return null;
  }

  async function watch(): Promise<void> {
    const shim = await start().catch((error: unknown) => fail(directory, error, log));
    if (!shim) return;
    await shim.gone;
    const said = await readText(directory.shimLog);
    if (said) log?.('a shim had trouble', { said, directory: directory.root });
  }

  const gone = watch()
    .catch((error: unknown) => log?.('a crawl got lost', { error, directory: directory.root }))
    .finally(() => {
      alive = false;
    });
  return { isAlive: () => alive, gone, giveUp };
}

/** A crawl that could not be started looks like one that failed at once: a line in its log and exit code 1. */
async function fail(directory: JobDirectory, error: unknown, log: Log | undefined): Promise<null> {
  const isFull = isDiskFull(error);
  const why = isFull ? 'the disk of the worker is full.' : wordsFor(error);
  if (!(error instanceof DomainError))
    log?.('a crawl could not be started', { error, directory: directory.root });
  const line = logMessage(40, `The crawl could not be started: ${why}`).payload;
  const told = writeFile(
    join(directory.spool, spoolFileName(1)),
    Buffer.concat([Buffer.from('LOG '), line, Buffer.from('\n')]),
  );
  // Without the line the exit still says what happened.
  await (isFull ? told.catch(() => undefined) : told);
  const exit = { code: 1, signal: null, deadlinePassed: false };
  await writeExit(directory, isFull ? { ...exit, exceeded: 'disk' } : exit);
  return null;
}

function wordsFor(error: unknown): string {
  return error instanceof DomainError ? error.message : 'an internal error, see the log of the worker.';
}

async function writeExit(directory: JobDirectory, exit: CrawlExit): Promise<void> {
  await writeReserved(directory.exit, JSON.stringify(exit));
}
