import type { Row, Rows } from './row.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const COMMA = 0x2c;

export interface MetaFields {
  key: boolean;
  ts: boolean;
  project: boolean;
  /** Nothing but the meta fields. */
  nodata: boolean;
}

export const NO_META: MetaFields = { key: false, ts: false, project: false, nodata: false };

export function hasMeta({ key, ts, project, nodata }: MetaFields): boolean {
  return key || ts || project || nodata;
}

/** `"_key":"1/2/3/4","_ts":5`, or nothing. */
export function metaText(row: Row, meta: MetaFields): string {
  const parts: string[] = [];
  if (meta.key && row.key !== null) parts.push(`"_key":${keyText(row.key)}`);
  if (meta.ts && row.ts !== null) parts.push(`"_ts":${row.ts}`);
  if (meta.project && row.project !== undefined) parts.push(`"_project":${row.project}`);
  return parts.join(',');
}

const PLAIN = /^[\w/.-]*$/;

function keyText(key: string): string {
  return PLAIN.test(key) ? `"${key}"` : JSON.stringify(key);
}

/** Records as lines of JSON. */
export async function* toLines(rows: Rows, meta: MetaFields): AsyncGenerator<Buffer> {
  for await (const list of rows) yield joinRows(list, meta, { after: '\n' });
}

/** Records as one JSON array, written as it goes. */
export async function* toArray(rows: Rows, meta: MetaFields): AsyncGenerator<Buffer | string> {
  let before = '[';
  for await (const list of rows) {
    if (list.length === 0) continue;
    yield before;
    yield joinRows(list, meta, { between: ',\n' });
    before = ',\n';
  }
  yield before === '[' ? '[]' : ']';
}

/** One record with its meta fields. */
export function withMeta(row: Row, meta: MetaFields): Buffer {
  return hasMeta(meta) ? joinRows([row], meta, {}) : row.line;
}

/** Adds fields (JSON text, `"a":1,"b":2`) to the end of a record. */
export function appendFields(line: Buffer, fields: string): Buffer {
  const out = Buffer.allocUnsafe(sizeWith(line, fields));
  return out.subarray(0, writeRecord(out, 0, line, fields));
}

/**
 * Records with their meta fields at the end: the bytes of the record stay as they are, and a field of the record with
 * a meta field's name loses, because the last one counts. Lists have no place for meta fields. `after` follows each
 * record, `between` each but the last; both are ASCII.
 */
export function joinRows(
  rows: readonly Row[],
  meta: MetaFields,
  { between = '', after = '' }: { between?: string; after?: string },
): Buffer {
  const glue = Buffer.from(after + between);
  const ending = Buffer.from(after);
  const texts = hasMeta(meta) ? rows.map((row) => metaText(row, meta)) : null;
  let size = 0;
  for (const [i, { line }] of rows.entries()) size += sizeWith(line, texts?.[i] ?? '') + glue.length;
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  for (let i = 0; i < rows.length; i += 1) {
    const { line } = rows[i] as Row;
    const text = texts?.[i] ?? '';
    at = meta.nodata ? at + out.write(`{${text}}`, at) : writeRecord(out, at, line, text);
    // Byte by byte: a call into native code would cost more than these few.
    const last = i === rows.length - 1 ? ending : glue;
    for (let byte = 0; byte < last.length; byte += 1) out[at++] = last[byte] as number;
  }
  return out.subarray(0, at);
}

/** Most bytes that a record takes with these fields, or that they take alone, braces included. */
function sizeWith(line: Buffer, fields: string): number {
  return line.length + (fields === '' ? 2 : 2 + 3 * fields.length);
}

function writeRecord(out: Buffer, start: number, line: Buffer, fields: string): number {
  const end = fields === '' || line[0] !== OPEN_BRACE ? -1 : line.lastIndexOf(CLOSE_BRACE);
  if (end < 1) return start + line.copy(out, start);
  let at = start + line.copy(out, start, 0, end);
  if (!isEmptyObject(line, end)) out[at++] = COMMA;
  at += out.write(fields, at);
  out[at++] = CLOSE_BRACE;
  return at;
}

function isEmptyObject(line: Buffer, end: number): boolean {
  let at = end - 1;
  while (at > 0 && (line[at] as number) <= 0x20) at -= 1;
  return at === 0;
}
