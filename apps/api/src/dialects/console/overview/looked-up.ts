import { formatJobKey, LOG_LEVELS, type Run, type StreamRef, type StreamStore } from '@spiderhub/core';
import { LRUCache } from 'lru-cache';
import type { Parts } from '../../../parts.ts';
import { type FieldShares, sharesOf } from '../jobs/coverage.ts';
import { shapeOf } from '../records/error-shapes.ts';
import { logReader } from '../records/logs.ts';
import { lookForward } from '../records/search.ts';

/** Jobs of which it is remembered. */
const REMEMBERED = 10_000;
/** Records from the beginning and from the end of a log among which its first error is looked for. */
const NEAR = 2000;

/** What was read of runs that are over, and is the same for ever. */
export interface LookedUp {
  /** What the first error of a run looks like; null when it has none near its beginning or its end. */
  firstError(run: Run): Promise<string | null>;
  shares(run: Run): Promise<FieldShares>;
}

export function createLookedUp(parts: Parts): LookedUp {
  const errors = new LRUCache<string, { shape: string | null }>({ max: REMEMBERED });
  const shares = new LRUCache<string, FieldShares>({ max: REMEMBERED });
  const nameOf = ({ key, attempt }: Run) => `${formatJobKey(key)}/${attempt}`;
  return {
    async firstError(run) {
      const known = errors.get(nameOf(run));
      if (known) return known.shape;
      const ref = { key: run.key, attempt: run.attempt, stream: 'logs' as const };
      const shape = run.errors === 0 ? null : await firstErrorOf(parts.streams, ref);
      errors.set(nameOf(run), { shape });
      return shape;
    },
    async shares(run) {
      const known = shares.get(nameOf(run));
      if (known) return known;
      const found = await sharesOf(parts, run);
      shares.set(nameOf(run), found);
      return found;
    },
  };
}

async function firstErrorOf(streams: StreamStore, ref: StreamRef): Promise<string | null> {
  const { end } = await streams.stats(ref);
  const read = logReader(LOG_LEVELS.ERROR, undefined);
  for (const [from, to] of [
    [0, Math.min(end, NEAR)],
    [Math.max(NEAR, end - NEAR), end],
  ] as const) {
    if (from >= to) continue;
    const within = { read: (one: StreamRef) => streams.read(one, { from, to }) };
    const { found } = await lookForward(within, ref, { from, end: to, limit: 1, read });
    if (found[0]) return shapeOf(found[0].value.message);
  }
  return null;
}
