import { setTimeout as pause } from 'node:timers/promises';
import { createCompany, createCrowd } from '@spiderhub/core';
import type { Response } from 'express';
import { createLongTurns } from './long-turns.ts';

/*
 * One process answers all requests in one event loop, so its time is what they share. Short requests have it first: long
 * answers go on when no short one is under way, or after a while. And of the short ones no tenant has more than one under
 * way while others have some. What is counted here is of the whole process, like its event loop.
 */

/** Requests of one tenant at the same time, while others are there: more of them cost the others what they gain it. */
const MOST_OF_ONE = 1;
/** What takes longer than this, ms, waits for something else: nobody has to leave it the way, nor its tenant's next one. */
const SHORT_MS = 20;
/** How long a piece of a long answer waits for short requests, ms. */
const PATIENCE_MS = 5;
/** Pieces of long answers that are made in one go, ms. */
const SLICE_MS = 1;

const company = createCompany();
const crowd = createCrowd({ most: MOST_OF_ONE, shortMs: SHORT_MS, company });
const longTurns = createLongTurns({ giveWay, isAlone: company.isAlone });
/** What ends a request for its tenant. */
const leaving = new Map<Response, () => void>();
const tenants = new WeakMap<Response, string>();
/** Short requests under way, in the order in which they began, with the time. */
const short = new Map<Response, number>();
let onQuiet: (() => void) | null = null;

/** Waits until a request may begin, and counts it until it is answered. */
export async function begin(tenant: string, res: Response): Promise<void> {
  const leave = await crowd.enter(tenant);
  if (res.destroyed) return leave();
  tenants.set(res, tenant);
  leaving.set(res, leave);
  short.set(res, performance.now());
  res.once('close', end);
}

function end(this: Response): void {
  becomeLong(this);
}

/** From now on the answer takes as long as its reader does. */
function becomeLong(res: Response): void {
  leaving.get(res)?.();
  leaving.delete(res);
  short.delete(res);
  if (short.size > 0) return;
  onQuiet?.();
  onQuiet = null;
}

async function giveWay(): Promise<void> {
  if (hasShort()) await Promise.race([quiet(), pause(PATIENCE_MS)]);
}

function hasShort(): boolean {
  const before = performance.now() - SHORT_MS;
  for (const [res, at] of short) {
    if (at > before) return true;
    short.delete(res);
  }
  return false;
}

function quiet(): Promise<void> {
  return new Promise((resolve) => {
    onQuiet = resolve;
  });
}

/** The same pieces. Behind the first one, which is all of a short answer, only when short requests leave time for it. */
export async function* inTurns<T>(source: AsyncIterable<T>, res: Response): AsyncGenerator<T> {
  const tenant = tenants.get(res) ?? '';
  let from = Number.POSITIVE_INFINITY;
  let leave = (): void => {};
  try {
    for await (const piece of source) {
      yield piece;
      if (from === Number.POSITIVE_INFINITY) {
        from = 0;
        continue;
      }
      if (from === 0) leave = longTurns.begin(tenant);
      becomeLong(res);
      if (performance.now() - from < SLICE_MS) continue;
      await longTurns.take(tenant);
      from = performance.now();
    }
  } finally {
    leave();
  }
}
