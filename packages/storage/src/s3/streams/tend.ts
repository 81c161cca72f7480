import { setTimeout as delay } from 'node:timers/promises';
import { type StreamRef, singleFlight, type Tally, turnstile } from '@spiderhub/core';
import { compactTail, type Ground, rollTail } from './roll.ts';

export interface TendOptions {
  /** A tail of so many bytes goes into an object. */
  rollBytes: number;
  /** So many pieces of a tail are joined. */
  compactPieces: number;
  /** Hears what went wrong: records stay where they are, and it is tried again. */
  onError: (error: unknown) => void;
}

/** Tails that are read and written at once: each may be some rolls long. */
const AT_ONCE = 4;
/** After a failure nobody tries for so long, ms. */
const REST_MS = 5000;
/** A stream that grows faster than its tail goes away waits for that, so long at each batch, ms. */
const WAIT_MS = 2000;
/** From so many rolls of a tail on. No object gets more than these. */
export const TOO_LONG = 4;
/** So long the end of a crawl waits for an object, ms. Who packs small streams later takes the tail, too. */
const SEAL_MS = 10_000;

/** Keeps tails short, beside whoever writes: a slow S3 slows what comes after, and takes nothing from anybody. */
export interface Tending {
  /** After records were added. */
  added(ref: StreamRef, tail: { tailBytes: number; tailPieces: number }): Promise<void>;
  /** Before a stream is sealed. Whether a roll has ended, which may have been under way already. */
  sealing(ref: StreamRef): Promise<boolean>;
  /** Resolves when nothing is under way. */
  settled(): Promise<void>;
}

export function createTending(
  ground: Ground,
  tallyOf: (ref: StreamRef) => Tally,
  { rollBytes, compactPieces, onError }: TendOptions,
): Tending {
  const flight = singleFlight<void>();
  const pass = turnstile(AT_ONCE);
  const underWay = new Set<Promise<void>>();
  const tooLongBytes = TOO_LONG * rollBytes;
  let restsUntil = 0;

  function begin(ref: StreamRef, work: () => Promise<boolean>): Promise<void> {
    const done = flight(nameOf(ref), () =>
      pass(async () => {
        try {
          await work();
        } catch (error) {
          restsUntil = Date.now() + REST_MS;
          onError(error);
        }
      }),
    );
    underWay.add(done);
    void done.finally(() => underWay.delete(done));
    return done;
  }

  return {
    async added(ref, { tailBytes, tailPieces }) {
      if (tailBytes >= rollBytes) {
        if (Date.now() < restsUntil) return waitIf(tailBytes >= tooLongBytes, delay(WAIT_MS));
        return waitIf(
          tailBytes >= tooLongBytes,
          begin(ref, () => rollTail(ground, ref, tooLongBytes)),
        );
      }
      if (tailPieces >= compactPieces)
        void begin(ref, () => compactTail(ground, ref, tallyOf(ref), tooLongBytes));
    },

    async sealing(ref) {
      if (Date.now() < restsUntil) return false;
      return within(
        SEAL_MS,
        begin(ref, () => rollTail(ground, ref, tooLongBytes)),
      );
    },

    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** A stream in one word, for people and for who does things for it one at a time. */
export function nameOf({ key, attempt, stream }: StreamRef): string {
  return [key.project, key.spider, key.job, attempt, stream].join('/');
}

async function waitIf(isTooLong: boolean, work: Promise<unknown>): Promise<void> {
  if (isTooLong) await within(WAIT_MS, work);
}

/** Whether it ended in time. */
async function within(ms: number, work: Promise<unknown>): Promise<boolean> {
  const patience = new AbortController();
  const late = delay(ms, false, { signal: patience.signal }).catch(() => false);
  const isDone = await Promise.race([work.then(() => true), late]);
  patience.abort();
  return isDone;
}
