import type { Row } from './row.ts';

const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LF = 0x0a;
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

/**
 * Records as lines of JSON with their meta fields at the end: the bytes of the record stay as they are, and a field
 * of the record with a meta field's name loses, because the last one counts. Lists have no place for meta fields.
 */
export function spliceLines(rows: readonly Row[], meta: MetaFields): Buffer {
  if (!hasMeta(meta)) return joined(rows);
  const texts = rows.map((row) => metaText(row, meta));
  const size = rows.reduce((sum, { line }, i) => sum + line.length + 4 + 3 * (texts[i] as string).length, 0);
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  rows.forEach(({ line }, i) => {
    at = meta.nodata ? writeAlone(out, at, texts[i] as string) : writeLine(out, at, line, texts[i] as string);
    out[at++] = LF;
  });
  return out.subarray(0, at);
}

function joined(rows: readonly Row[]): Buffer {
  const out = Buffer.allocUnsafe(rows.reduce((sum, { line }) => sum + line.length + 1, 0));
  let at = 0;
  for (const { line } of rows) {
    at += line.copy(out, at);
    out[at++] = LF;
  }
  return out;
}

function writeAlone(out: Buffer, at: number, text: string): number {
  return at + out.write(`{${text}}`, at);
}

function writeLine(out: Buffer, start: number, line: Buffer, text: string): number {
  const end = text === '' || line[0] !== OPEN_BRACE ? -1 : line.lastIndexOf(CLOSE_BRACE);
  if (end < 1) return start + line.copy(out, start);
  let at = start + line.copy(out, start, 0, end);
  if (!isEmptyObject(line, end)) out[at++] = COMMA;
  at += out.write(text, at);
  out[at++] = CLOSE_BRACE;
  return at;
}

function isEmptyObject(line: Buffer, end: number): boolean {
  let at = end - 1;
  while (at > 0 && (line[at] as number) <= 0x20) at -= 1;
  return at === 0;
}
