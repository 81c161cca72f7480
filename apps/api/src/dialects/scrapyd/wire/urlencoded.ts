import { sizeErrors } from '../../../http/size-errors.ts';
import type { Fields } from './fields.ts';
import { addForm, type FormReader, type Piece } from './form-reader.ts';

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;
const EQUALS = 0x3d;
const AMPERSAND = 0x26;
const SEMICOLON = 0x3b;

const EMPTY = Buffer.alloc(0);
/** Of one name, while it is not known whether it is one. */
const MAX_NAME_BYTES = 64 * 1024;

/** The value of each byte as a hexadecimal digit, -1 for all others. */
const HEX = Int8Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCharCode(byte);
  return /[0-9a-f]/i.test(character) ? Number.parseInt(character, 16) : -1;
});

/** Undoes `+` and `%XX`; anything that is no escape stays as it is. The result may share memory with `bytes`. */
export function unquote(bytes: Buffer): Buffer {
  if (bytes.indexOf(PERCENT) < 0 && bytes.indexOf(PLUS) < 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    const high = byte === PERCENT && at + 2 < bytes.length ? (HEX[bytes[at + 1] as number] as number) : -1;
    const low = high >= 0 ? (HEX[bytes[at + 2] as number] as number) : -1;
    if (low >= 0) {
      out[length++] = high * 16 + low;
      at += 2;
    } else out[length++] = byte === PLUS ? SPACE : byte;
  }
  return out.subarray(0, length);
}

/** Adds `a=1&b=2`. A part without `=` is left out; names mean nothing but themselves. */
export function addQuery(fields: Fields, bytes: Buffer): void {
  addForm(fields, createUrlencodedReader(), bytes);
}

/** Reads `a=1&b=2`. Both `&` and `;` end a pair, as in Twisted. */
export function createUrlencodedReader(): FormReader {
  let left: Buffer = EMPTY;
  let isInValue = false;

  function* feed(more: Buffer): Generator<Piece> {
    const bytes = left.length === 0 ? more : Buffer.concat([left, more]);
    const ampersand = createFinder(bytes, AMPERSAND);
    const semicolon = createFinder(bytes, SEMICOLON);
    const equals = createFinder(bytes, EQUALS);
    let from = 0;
    for (;;) {
      const end = Math.min(ampersand(from), semicolon(from), isInValue ? bytes.length : equals(from));
      if (end >= bytes.length) break;
      const part = bytes.subarray(from, end);
      const isName = !isInValue && bytes[end] === EQUALS;
      if (isName) yield unquote(part).toString('latin1');
      else if (isInValue) yield unquote(part);
      isInValue = isName;
      from = end + 1;
    }
    const rest = bytes.subarray(from);
    const whole = isInValue ? rest.length - brokenEscape(rest) : 0;
    if (whole > 0) yield unquote(rest.subarray(0, whole));
    // A copy: the rest must not hold the whole of what came.
    left = whole < rest.length ? Buffer.from(rest.subarray(whole)) : EMPTY;
    if (left.length > MAX_NAME_BYTES)
      throw sizeErrors.parameters(`a longer name than ${MAX_NAME_BYTES} bytes`);
  }

  return {
    feed,
    *end() {
      if (isInValue && left.length > 0) yield unquote(left);
    },
  };
}

/** Finds a byte again and again, each time from further on: what was looked through is not looked through again. */
function createFinder(bytes: Buffer, byte: number): (from: number) => number {
  let at = -1;
  return (from) => {
    if (at < from) at = bytes.indexOf(byte, from);
    if (at < 0) at = Number.POSITIVE_INFINITY;
    return at;
  };
}

/** Bytes at the end that may be the beginning of `%XX`. */
function brokenEscape(bytes: Buffer): number {
  if (bytes.at(-1) === PERCENT) return 1;
  return bytes.at(-2) === PERCENT ? 2 : 0;
}
