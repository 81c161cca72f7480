import { existsSync } from 'node:fs';
import type { MessageCounts, PipeMessage, RunningCrawl } from '@spiderhub/core';
import { hasCode } from '@spiderhub/platform';
import { waitForExit } from './exit-watch.ts';
import { readJson, readText, removeTree, writeAtomic, writeDeadline, writeReserved } from './files.ts';
import type { JobDirectory } from './job-directory.ts';
import { memoryOf } from './memory.ts';
import { droppedSummary, readMessages } from './pipe-messages.ts';
import { followSpool, removeSpoolBefore, type SpoolPosition } from './spool-reader.ts';

/** How far the messages of a crawl were given out. */
interface Progress {
  position: SpoolPosition;
  /** Lines that were no messages. */
  dropped: number;
  /** Everything was given, the closing summary too. */
  complete: boolean;
}

type Checkpoint = Progress & { counts: MessageCounts };

const START: Checkpoint = {
  position: { file: 1, offset: 0 },
  dropped: 0,
  complete: false,
  counts: { ITM: 0, LOG: 0, REQ: 0, STA: 0, FIN: 0 },
};

/** What the shim writes around the largest item, and more than all other messages have, bytes. */
const LINE_MARGIN_BYTES = 2 ** 21;

/** How the owner of a crawl's shim, or of nothing yet, takes part. */
interface Ownership {
  isAlive: () => boolean | Promise<boolean>;
  /** The largest item that is kept, bytes. */
  maxItemBytes: number;
  /** Settles when `isAlive` turns false, where that can be known. */
  gone?: Promise<void>;
  /** Told that nobody wants the crawl any more, before it may have been started at all. */
  giveUp?(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Takes away what the crawl had outside of its directory, which goes next. */
  beforeCleanUp(): Promise<void>;
  /** After the directory was removed. */
  onCleanUp(): void;
}

/** A crawl as its directory shows it. All that is said to it goes through files, so that it survives this process. */
export async function openCrawl(directory: JobDirectory, ownership: Ownership): Promise<RunningCrawl> {
  const saved = (await readJson<Checkpoint>(directory.checkpoint)) ?? START;
  const stoppedFor = await readText(directory.stopReason);
  const { maxItemBytes } = ownership;
  let given: Progress = saved;
  let { counts: givenCounts } = saved;
  let hasExited = false;
  const exited = waitForExit(directory, ownership.isAlive, ownership.gone).finally(() => {
    hasExited = true;
  });
  // Whoever only reads messages may never look at `exited`.
  exited.catch(() => {});

  async function* messages(): AsyncGenerator<PipeMessage[]> {
    if (given.complete) return;
    const end = { hasEnded: () => hasExited, ended: exited.catch(() => {}) };
    const maxLineBytes = maxItemBytes + LINE_MARGIN_BYTES;
    for await (const chunk of followSpool(directory.spool, given.position, end, maxLineBytes)) {
      const before = { dropped: given.dropped, counts: givenCounts };
      const read = readMessages(chunk.lines, before, maxItemBytes);
      givenCounts = read.counts;
      given = { position: chunk.next, dropped: read.dropped, complete: false };
      if (read.messages.length > 0) yield read.messages;
    }
    given = { ...given, complete: true };
    const summary = droppedSummary(given.dropped);
    if (summary) yield [summary];
  }

  /** A full disk must not keep a crawl from being ended. */
  async function note(reason: string | undefined): Promise<void> {
    if (reason !== undefined) await writeAtomic(directory.stopReason, reason).catch(() => undefined);
  }

  return {
    resumedAt: saved.counts,
    exited,
    messages,
    async checkpoint(counts) {
      const { position } = given;
      await writeAtomic(directory.checkpoint, JSON.stringify({ ...given, counts } satisfies Checkpoint));
      if (existsSync(directory.spool)) await removeSpoolBefore(directory.spool, position);
    },
    extend: (untilMs) => unlessRemoved(writeDeadline(directory.deadline, untilMs)),
    stoppedFor,
    async stop(reason) {
      await note(reason);
      ownership.giveUp?.('SIGTERM');
      const before = Number((await readText(directory.stop)) ?? 0);
      await unlessRemoved(writeReserved(directory.stop, String(before + 1)));
    },
    async kill(reason) {
      await note(reason);
      ownership.giveUp?.('SIGKILL');
      await unlessRemoved(writeReserved(directory.kill, ''));
    },
    memoryBytes: () => memoryOf(directory),
    async cleanUp() {
      await ownership.beforeCleanUp();
      await removeTree(directory.root);
      ownership.onCleanUp();
    },
  };
}

/** A heartbeat or a stop may come while the crawl is being cleaned up: then it has nothing left to say. */
async function unlessRemoved(write: Promise<void>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error;
  }
}
