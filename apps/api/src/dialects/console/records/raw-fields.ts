import { decodeString, scanFields } from '@spiderhub/core';
import { cutText } from './text.ts';

/** A value as its JSON text, never parsed. */
export interface RawValue {
  name: string;
  text: string;
  /** Bytes of the whole text. */
  size: number;
}

/** Fields of a record in their order; of repeated names the last one counts. `wanted`: null for all. */
export function rawValues(line: Buffer, most: number, wanted: ReadonlySet<string> | null = null): RawValue[] {
  const values = new Map<string, RawValue>();
  scanFields(line, (keyStart, keyEnd, start, end) => {
    const name = decodeString(line, keyStart, keyEnd);
    if (name !== null && (wanted === null || wanted.has(name))) {
      values.set(name, { name, text: cutText(line, start, end, most), size: end - start });
    }
    return true;
  });
  return [...values.values()];
}

/** The JSON text of one field; null for a record without it. */
export function rawValue(line: Buffer, name: string): string | null {
  return rawValues(line, line.length, new Set([name]))[0]?.text ?? null;
}
