import type { StreamRef, StreamStore } from '@spiderhub/core';
import { rawValue, rawValues } from './raw-fields.ts';
import { shortened } from './text.ts';

/** Items of each side that are looked at, and bytes of them. */
const MOST_ITEMS = 20_000;
const MOST_BYTES = 20_000_000;
const EXAMPLES = 100;
const LONGEST_KEY = 500;

interface Example {
  key: string;
  kind: 'changed' | 'only a' | 'only b';
  fields: string[];
  a: number | null;
  b: number | null;
}

type Side = Map<string, { n: number; line: Buffer }>;

/** Items of two streams, told apart by the JSON text of one field. */
export async function compareItems(streams: StreamStore, a: StreamRef, b: StreamRef, by: string) {
  const left = await sideOf(streams, a, by);
  const right = await sideOf(streams, b, by);
  const counts = { same: 0, changed: 0, onlyA: 0, onlyB: 0 };
  const examples: Example[] = [];
  const show = (example: Example) => {
    if (examples.length < EXAMPLES) examples.push({ ...example, key: shortened(example.key, LONGEST_KEY) });
  };
  for (const [key, one] of left.items) {
    const other = right.items.get(key);
    if (!other) {
      counts.onlyA += 1;
      show({ key, kind: 'only a', fields: [], a: one.n, b: null });
      continue;
    }
    const fields = one.line.equals(other.line) ? [] : differing(one.line, other.line);
    counts[fields.length === 0 ? 'same' : 'changed'] += 1;
    if (fields.length > 0) show({ key, kind: 'changed', fields, a: one.n, b: other.n });
  }
  for (const [key, { n }] of right.items) {
    if (left.items.has(key)) continue;
    counts.onlyB += 1;
    show({ key, kind: 'only b', fields: [], a: null, b: n });
  }
  return { ...counts, examples, isPartial: left.isPartial || right.isPartial };
}

/** Of several items with one key the first counts; items without the field are left out. */
async function sideOf(
  streams: StreamStore,
  ref: StreamRef,
  by: string,
): Promise<{ items: Side; isPartial: boolean }> {
  const items: Side = new Map();
  let looked = 0;
  let bytes = 0;
  for await (const { first, lines } of streams.read(ref)) {
    for (const [i, line] of lines.entries()) {
      if (looked === MOST_ITEMS || bytes >= MOST_BYTES) return { items, isPartial: true };
      looked += 1;
      bytes += line.length;
      const key = rawValue(line, by);
      if (key !== null && !items.has(key)) items.set(key, { n: first + i, line });
    }
  }
  return { items, isPartial: false };
}

/** Names of fields whose JSON text differs. */
function differing(a: Buffer, b: Buffer): string[] {
  const texts = (line: Buffer) => new Map(rawValues(line, line.length).map(({ name, text }) => [name, text]));
  const [left, right] = [texts(a), texts(b)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name));
}
