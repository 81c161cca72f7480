const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** Below this length a loop beats the call into native code that `indexOf` costs. */
const SHORT_STRING = 48;

/**
 * Told of each field of the top-level object, by byte offsets: the key without its quotes, the value as it lies.
 * Answer false to stop.
 */
export type FieldVisitor = (
  keyStart: number,
  keyEnd: number,
  valueStart: number,
  valueEnd: number,
) => boolean;

/**
 * Walks the top-level fields of a raw JSON object without building it. Never throws: it stops where the text is not
 * what JSON allows, and takes tokens such as `NaN` for what they are. Repeated keys are visited each time.
 */
export function scanFields(line: Buffer, visit: FieldVisitor): void {
  let at = skipSpace(line, 0);
  if (line[at] !== OPEN_BRACE) return;
  at = skipSpace(line, at + 1);
  while (line[at] === QUOTE) {
    const keyEnd = endOfString(line, at + 1);
    const colon = skipSpace(line, keyEnd + 1);
    if (line[colon] !== COLON) return;
    const valueStart = skipSpace(line, colon + 1);
    const valueEnd = endOfValue(line, valueStart);
    if (valueEnd === valueStart) return;
    if (!visit(at + 1, keyEnd, valueStart, valueEnd)) return;
    at = skipSpace(line, valueEnd);
    if (line[at] !== COMMA) return;
    at = skipSpace(line, at + 1);
  }
}

/** The text between two quotes, with its escapes resolved. Null when an escape is not one of JSON's. */
export function decodeString(line: Buffer, start: number, end: number): string | null {
  const raw = line.toString('utf8', start, end);
  if (!raw.includes('\\')) return raw;
  try {
    return JSON.parse(`"${raw}"`) as string;
  } catch {
    return null;
  }
}

/** Length in UTF-8 bytes of the text between two quotes, as if all of its escapes were written out. */
export function decodedLength(line: Buffer, start: number, end: number): number {
  let length = end - start;
  let at = line.indexOf(BACKSLASH, start);
  while (at !== -1 && at < end) {
    const { raw, decoded } = escapeAt(line, at);
    length -= raw - decoded;
    at = line.indexOf(BACKSLASH, at + raw);
  }
  return length;
}

/** Bytes that an escape takes in the text, and in UTF-8 once it is resolved. */
function escapeAt(line: Buffer, at: number): { raw: number; decoded: number } {
  if (line[at + 1] !== 0x75) return { raw: 2, decoded: 1 };
  const unit = hexAt(line, at + 2);
  if (unit < 0x80) return { raw: 6, decoded: 1 };
  if (unit < 0x800) return { raw: 6, decoded: 2 };
  return isPairAt(line, at, unit) ? { raw: 12, decoded: 4 } : { raw: 6, decoded: 3 };
}

function isPairAt(line: Buffer, at: number, unit: number): boolean {
  if (unit < 0xd800 || unit > 0xdbff || line[at + 6] !== BACKSLASH || line[at + 7] !== 0x75) return false;
  const low = hexAt(line, at + 8);
  return low >= 0xdc00 && low <= 0xdfff;
}

function hexAt(line: Buffer, at: number): number {
  return Number.parseInt(line.toString('latin1', at, at + 4), 16);
}

/** Offset of the first byte from `from` on that is no white space. */
export function skipSpace(line: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = line[at];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d && byte !== 0x0a) return at;
    at += 1;
  }
}

/**
 * Offset of the quote that ends the string whose text begins at `from`, or of the line's end. Takes what lies there for
 * a valid string; `endOfValidString` asks whether it is one.
 */
export function endOfString(line: Buffer, from: number): number {
  const near = Math.min(from + SHORT_STRING, line.length);
  for (let at = from; at < near; at += 1) {
    const byte = line[at];
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
  }
  return endOfLongString(line, from);
}

/** A quote ends the string unless an odd number of backslashes stands before it. */
function endOfLongString(line: Buffer, from: number): number {
  let at = line.indexOf(QUOTE, from);
  while (at !== -1) {
    let before = at - 1;
    while (before >= from && line[before] === BACKSLASH) before -= 1;
    if ((at - before) % 2 === 1) return at;
    at = line.indexOf(QUOTE, at + 1);
  }
  return line.length;
}

/** Offset behind the value that begins at `from`; the same offset where there is none. */
export function endOfValue(line: Buffer, from: number): number {
  const byte = line[from];
  if (byte === QUOTE) return Math.min(endOfString(line, from + 1) + 1, line.length);
  if (byte === OPEN_BRACE || byte === OPEN_BRACKET) return endOfNested(line, from);
  return endOfToken(line, from);
}

/** Brackets are counted, not matched: what comes from a crawl is JSON already, and a wrong end harms only counts. */
function endOfNested(line: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < line.length; at += 1) {
    const byte = line[at];
    if (byte === QUOTE) at = endOfString(line, at + 1);
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return line.length;
}

function endOfToken(line: Buffer, from: number): number {
  let at = from;
  while (at < line.length) {
    const byte = line[at] as number;
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || byte <= 0x20) return at;
    at += 1;
  }
  return at;
}
