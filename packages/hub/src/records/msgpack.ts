import { Encoder } from '@msgpack/msgpack';
import { wellFormed } from '@spiderhub/core';
import type { MetaFields } from './lines.ts';
import { parseRecord } from './parse.ts';
import type { Row, Rows } from './row.ts';

const MAX_UINT64 = 2n ** 64n;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_DEPTH = 500;
/** Integers that are no safe numbers, and escapes of lone surrogates (or of pairs, which do no harm). */
const DELICATE = /\d{16}|\\u[dD][89a-fA-F]/;

const encoder = new Encoder({ maxDepth: MAX_DEPTH });
// With bigints this library writes numbers above 32 bit as floats, so `tamed` makes bigints of them, too.
const careful = new Encoder({ maxDepth: MAX_DEPTH + 2, useBigInt64: true });

/** Records as msgpack values one after the other. Whole numbers stay whole, whatever their size. */
export async function* toMsgpack(rows: Rows, meta: MetaFields): AsyncGenerator<Buffer> {
  for await (const list of rows) yield Buffer.concat(list.map((row) => encoded(row, meta)));
}

function encoded(row: Row, meta: MetaFields): Uint8Array {
  const value = meta.nodata ? {} : parseRecord(row.line);
  const whole = Array.isArray(value) ? value : withMeta(value, row, meta);
  if (DELICATE.test(row.line.toString('latin1'))) return careful.encode(tamed(whole, 0));
  try {
    return encoder.encode(whole);
  } catch {
    // Nested too deeply.
    return careful.encode(tamed(whole, 0));
  }
}

function withMeta(value: unknown, row: Row, meta: MetaFields): unknown {
  // Clients expect an object; a line that is none can only have come in by mistake.
  const record = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  if (meta.key && row.key !== null) record._key = row.key;
  if (meta.ts && row.ts !== null) record._ts = row.ts;
  if (meta.project && row.project !== undefined) record._project = row.project;
  return record;
}

/** What msgpack can carry: integers of 64 bits (larger ones become floats), text that is valid UTF-8, bounded depth. */
function tamed(value: unknown, depth: number): unknown {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && Math.abs(value) > MAX_UINT32 ? BigInt(value) : value;
  if (typeof value === 'bigint') return value < MAX_UINT64 && value >= MIN_INT64 ? value : Number(value);
  if (typeof value === 'string') return wellFormed(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((one) => tamed(one, depth + 1));
  const record: Record<string, unknown> = Object.create(null);
  for (const [name, field] of Object.entries(value)) record[wellFormed(name)] = tamed(field, depth + 1);
  return record;
}
