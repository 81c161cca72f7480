import { isUtf8 } from 'node:buffer';
import { skipSpace } from './scan.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;

/** Python's reader gives up at about this depth, so nothing deeper could be read again. */
const MAX_DEPTH = 900;

/** Tells by its first byte which word a value can be. The last three are Python's. */
const WORDS: Record<number, Buffer> = Object.fromEntries(
  ['true', 'false', 'null', 'NaN', 'Infinity'].map((word) => [word.charCodeAt(0), Buffer.from(word)]),
);
const INFINITY = Buffer.from('Infinity');

const SIMPLE_ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));

/**
 * Whether bytes are one JSON value (RFC 8259) in UTF-8, or what Python's `json` writes beyond it: `NaN`, `Infinity`,
 * `-Infinity`. Numbers may have any size and escapes may be lone surrogates; nothing is parsed, so nothing is changed.
 */
export function isJson(text: Buffer): boolean {
  if (!isUtf8(text)) return false;
  const closers: number[] = [];
  let at = skipSpace(text, 0);
  for (;;) {
    const byte = text[at];
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      const closer = byte + 2;
      if (closers.length >= MAX_DEPTH) return false;
      at = skipSpace(text, at + 1);
      if (text[at] !== closer) {
        closers.push(closer);
        at = startOfValue(text, at, closer);
        if (at < 0) return false;
        continue;
      }
      at += 1;
    } else {
      at = endOfScalar(text, at);
      if (at < 0) return false;
    }
    at = nextValue(text, at, closers);
    if (at < 0) return at === END;
  }
}

const BAD = -1;
const END = -2;

/** From behind a value to the next one; `END` when the text ends here as it should, `BAD` when it may not go on so. */
function nextValue(text: Buffer, from: number, closers: number[]): number {
  let at = skipSpace(text, from);
  let closer = closers.at(-1);
  while (closer !== undefined && text[at] === closer) {
    closers.pop();
    closer = closers.at(-1);
    at = skipSpace(text, at + 1);
  }
  if (closer === undefined) return at === text.length ? END : BAD;
  if (text[at] !== COMMA) return BAD;
  return startOfValue(text, skipSpace(text, at + 1), closer);
}

/** Skips the name that stands before a value in an object. */
function startOfValue(text: Buffer, from: number, closer: number): number {
  if (closer !== CLOSE_BRACE) return from;
  if (text[from] !== QUOTE) return BAD;
  const end = endOfValidString(text, from + 1);
  if (end < 0) return BAD;
  const colon = skipSpace(text, end + 1);
  return text[colon] === COLON ? skipSpace(text, colon + 1) : BAD;
}

function endOfScalar(text: Buffer, at: number): number {
  const byte = text[at];
  if (byte === QUOTE) return behindString(text, at + 1);
  if (byte === undefined) return BAD;
  const word = WORDS[byte];
  if (word) return endOfWord(text, at, word);
  if (byte !== MINUS) return endOfNumber(text, at);
  return text[at + 1] === INFINITY[0] ? endOfWord(text, at + 1, INFINITY) : endOfNumber(text, at + 1);
}

function endOfWord(text: Buffer, at: number, word: Buffer): number {
  const end = at + word.length;
  return end <= text.length && word.compare(text, at, end) === 0 ? end : BAD;
}

function endOfNumber(text: Buffer, from: number): number {
  let at = text[from] === ZERO ? from + 1 : endOfDigits(text, from);
  if (at > 0 && text[at] === DOT) at = endOfDigits(text, at + 1);
  if (at > 0 && ((text[at] as number) | 0x20) === 0x65) {
    const sign = text[at + 1];
    at = endOfDigits(text, sign === MINUS || sign === 0x2b ? at + 2 : at + 1);
  }
  return at;
}

function endOfDigits(text: Buffer, from: number): number {
  let at = from;
  while ((text[at] as number) >= ZERO && (text[at] as number) <= NINE) at += 1;
  return at === from ? BAD : at;
}

function behindString(text: Buffer, from: number): number {
  const end = endOfValidString(text, from);
  return end < 0 ? BAD : end + 1;
}

/** Like `endOfString`, but BAD for what JSON does not allow in a string: control characters, odd escapes, no end. */
export function endOfValidString(text: Buffer, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const byte = text[at] as number;
    if (byte === QUOTE) return at;
    if (byte < SPACE) return BAD;
    if (byte === BACKSLASH) {
      at = endOfEscape(text, at + 1);
      if (at < 0) return BAD;
    }
  }
  return BAD;
}

/** Offset of the escape's last byte. */
function endOfEscape(text: Buffer, at: number): number {
  const byte = text[at] as number;
  if (SIMPLE_ESCAPES.has(byte)) return at;
  if (byte !== 0x75) return BAD;
  const last = at + 4;
  for (let digit = at + 1; digit <= last; digit += 1) if (!isHex(text[digit])) return BAD;
  return last;
}

function isHex(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const lower = byte | 0x20;
  return (byte >= ZERO && byte <= NINE) || (lower >= 0x61 && lower <= 0x66);
}
