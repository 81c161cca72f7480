import { decodeString, scanFields } from '../json/scan.ts';
import type { Tally } from '../ports/stream-store.ts';
import { MAX_COUNTED_NAMES } from './stats.ts';

/** Longer names are text that a page put in the wrong place, not fields worth counting. */
const MAX_NAME_BYTES = 128;
const MAX_REMEMBERED_FIELDS = 200;

interface Layout {
  /** Null when there are too many to remember. */
  keys: Buffer[] | null;
  counts: readonly string[];
}

// Items of one spider nearly always have the same fields in the same order, so the last item's names are tried
// first: no string is made for an item that looks like the one before.
let lastLayout: Layout = { keys: [], counts: [] };

/** Names of the top-level fields of an item, each once, whatever their values. */
export function countItem(line: Buffer): ReturnType<Tally> {
  if (lastLayout.keys === null || !hasLayout(line, lastLayout.keys)) lastLayout = layoutOf(line);
  return { bytes: line.length, counts: lastLayout.counts };
}

function hasLayout(line: Buffer, keys: readonly Buffer[]): boolean {
  let field = 0;
  let matches = true;
  scanFields(line, (start, end) => {
    const key = keys[field];
    field += 1;
    matches = key !== undefined && isSame(line, start, end, key);
    return matches;
  });
  return matches && field === keys.length;
}

function isSame(line: Buffer, start: number, end: number, key: Buffer): boolean {
  if (end - start !== key.length) return false;
  for (let i = 0; i < key.length; i += 1) if (line[start + i] !== key[i]) return false;
  return true;
}

function layoutOf(line: Buffer): Layout {
  const keys: Buffer[] = [];
  const names = new Set<string>();
  scanFields(line, (start, end) => {
    // A copy: a view would keep the whole line alive.
    if (keys.length <= MAX_REMEMBERED_FIELDS) keys.push(Buffer.from(line.subarray(start, end)));
    const name = end - start <= MAX_NAME_BYTES ? decodeString(line, start, end) : null;
    if (name !== null) names.add(name);
    return names.size < MAX_COUNTED_NAMES;
  });
  return { keys: keys.length <= MAX_REMEMBERED_FIELDS ? keys : null, counts: [...names] };
}
