import { isUtf8 } from 'node:buffer';

/** A Python exception as its text would reach a client: `ValueError: …`. */
export class PythonError extends Error {
  readonly className: string;

  constructor(className: string, message: string) {
    super(message);
    this.name = 'PythonError';
    this.className = className;
  }
}

/** The first bytes that are no UTF-8, as Python's decoder sees them. */
interface BadBytes {
  start: number;
  /** Exclusive. */
  end: number;
  reason: 'invalid start byte' | 'invalid continuation byte' | 'unexpected end of data';
}

/** Length of the sequence that a first byte begins, and the range of its second byte; null for no first byte. */
function sequenceOf(first: number): { length: number; from: number; to: number } | null {
  if (first < 0xc2 || first > 0xf4) return null;
  if (first < 0xe0) return { length: 2, from: 0x80, to: 0xbf };
  if (first < 0xf0)
    return { length: 3, from: first === 0xe0 ? 0xa0 : 0x80, to: first === 0xed ? 0x9f : 0xbf };
  return { length: 4, from: first === 0xf0 ? 0x90 : 0x80, to: first === 0xf4 ? 0x8f : 0xbf };
}

function badSequence(bytes: Buffer, start: number): BadBytes | number {
  const sequence = sequenceOf(bytes[start] as number);
  if (!sequence) return { start, end: start + 1, reason: 'invalid start byte' };
  for (let at = start + 1; at < start + sequence.length; at++) {
    const byte = bytes[at];
    if (byte === undefined) return { start, end: at, reason: 'unexpected end of data' };
    const [from, to] = at === start + 1 ? [sequence.from, sequence.to] : [0x80, 0xbf];
    if (byte < from || byte > to) return { start, end: at, reason: 'invalid continuation byte' };
  }
  return start + sequence.length;
}

function findBadBytes(bytes: Buffer): BadBytes {
  let at = 0;
  for (;;) {
    if ((bytes[at] as number) < 0x80) {
      at += 1;
      continue;
    }
    const next = badSequence(bytes, at);
    if (typeof next !== 'number') return next;
    at = next;
  }
}

/** Decodes as `bytes.decode()` does. Throws a PythonError with Python's own words for what is no UTF-8. */
export function decodeUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  const { start, end, reason } = findBadBytes(bytes);
  const what =
    end - start === 1
      ? `byte 0x${(bytes[start] as number).toString(16).padStart(2, '0')} in position ${start}`
      : `bytes in position ${start}-${end - 1}`;
  throw new PythonError('UnicodeDecodeError', `'utf-8' codec can't decode ${what}: ${reason}`);
}

const ESCAPES: Record<number, string> = { 9: '\\t', 10: '\\n', 13: '\\r', 92: '\\\\' };

/** `repr(bytes)`. */
export function reprBytes(bytes: Buffer): string {
  const quote = bytes.includes("'") && !bytes.includes('"') ? '"' : "'";
  let text = '';
  for (const byte of bytes) {
    const plain = byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : null;
    if (plain === quote) text += `\\${plain}`;
    else text += ESCAPES[byte] ?? plain ?? `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return `b${quote}${text}${quote}`;
}

const DIGITS = '\\d+(?:_\\d+)*';
const FLOAT = new RegExp(`^[+-]?(?:(?:${DIGITS})?\\.?(?:${DIGITS})?(?:e[+-]?${DIGITS})?)$`, 'i');
const SPECIAL = /^([+-]?)(inf|infinity|nan)$/i;

/** `float(bytes)`. Throws as Python does. */
export function parseFloatBytes(bytes: Buffer): number {
  const text = bytes.toString('latin1').replace(/^[\t-\r ]+|[\t-\r ]+$/g, '');
  const special = SPECIAL.exec(text);
  if (special?.[2]?.toLowerCase() === 'nan') return Number.NaN;
  if (special) return special[1] === '-' ? -Infinity : Infinity;
  if (FLOAT.test(text) && /\d/.test(text.replace(/e.*$/i, ''))) return Number(text.replaceAll('_', ''));
  throw new PythonError('ValueError', `could not convert string to float: ${reprBytes(bytes)}`);
}

/** Everything but printable ASCII as `\uXXXX`, which is what Python's `json` writes. `text` is JSON already. */
export function escapeNonAscii(text: string): string {
  if (!/[^ -~]/.test(text)) return text;
  return text.replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** `json.dumps(value)`: spaces after commas and colons, ASCII only. */
export function pythonJson(value: Json): string {
  if (typeof value === 'string') return escapeNonAscii(JSON.stringify(value));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(pythonJson).join(', ')}]`;
  const fields = Object.entries(value).map(([name, field]) => `${pythonJson(name)}: ${pythonJson(field)}`);
  return `{${fields.join(', ')}}`;
}

function isList(value: readonly Json[] | { readonly [name: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}
