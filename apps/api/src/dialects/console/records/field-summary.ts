import { medianOf, readRawArray, readRawString } from '@spiderhub/core';
import { shortened } from './text.ts';

export type JsonType = 'string' | 'number' | 'boolean' | 'null' | 'list' | 'object';

const MOST_FREQUENT = 20;
const SHOWN = 200;
const EMPTY = /^(?:""|\[\s*\]|\{\s*\}|null)$/;

/** The type of a JSON text, by its first character. */
export function typeOf(json: string): JsonType {
  switch (json[0]) {
    case '"':
      return 'string';
    case '[':
      return 'list';
    case '{':
      return 'object';
    case 't':
    case 'f':
      return 'boolean';
    case 'n':
      return 'null';
    default:
      return 'number';
  }
}

/** What the values of one field look like. `values`: JSON texts, null for an item without it. */
export function summaryOf(values: readonly (string | null)[]) {
  const present = values.filter((value) => value !== null);
  const types = countsOf(present.map(typeOf));
  const frequent = countsOf(present);
  return {
    sample: values.length,
    present: present.length,
    types: types.map(([type, count]) => ({ type, count })),
    empty: present.filter((json) => EMPTY.test(json)).length,
    length: lengths(present),
    distinct: frequent.length,
    frequent: frequent
      .slice(0, MOST_FREQUENT)
      .map(([text, count]) => ({ text: shortened(text, SHOWN), count })),
  };
}

/** How often each comes, the most frequent first. */
function countsOf<T>(values: readonly T[]): [T, number][] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}

function lengths(values: readonly string[]) {
  const all = values.map(lengthOf).filter((length) => length !== null);
  if (all.length === 0) return null;
  return { least: Math.min(...all), median: medianOf(all), most: Math.max(...all) };
}

function lengthOf(json: string): number | null {
  return readRawString(json)?.length ?? (json[0] === '[' ? (readRawArray(json)?.length ?? null) : null);
}
