import { isJson } from './check.ts';
import { decodeString, endOfValue, scanFields, skipSpace } from './scan.ts';

const SPACE = 0x20;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const COMMA = 0x2c;

/** Fields of a JSON object: name to the raw text of its value. A map, because any text may be a name. */
export type RawFields = Map<string, string>;

/**
 * Reads the top-level fields of a JSON object without parsing their values, so that big numbers, `NaN` and lone
 * surrogates stay what they were. Of repeated names the last one counts. Null when the text is not an object, or not JSON.
 */
export function readRawObject(text: string | Buffer): RawFields | null {
  const line = typeof text === 'string' ? Buffer.from(text) : text;
  const first = line.find((byte) => byte > SPACE);
  if (first !== OPEN_BRACE || !isJson(line)) return null;
  const fields: RawFields = new Map();
  scanFields(line, (keyStart, keyEnd, valueStart, valueEnd) => {
    fields.set(decodeString(line, keyStart, keyEnd) as string, line.toString('utf8', valueStart, valueEnd));
    return true;
  });
  return fields;
}

/** Reads a JSON array without parsing its values. Null when the text is not an array, or not JSON. */
export function readRawArray(text: string): string[] | null {
  const line = Buffer.from(text);
  const start = skipSpace(line, 0);
  if (line[start] !== OPEN_BRACKET || !isJson(line)) return null;
  const values: string[] = [];
  let at = skipSpace(line, start + 1);
  for (let end = endOfValue(line, at); end > at; end = endOfValue(line, at)) {
    values.push(line.toString('utf8', at, end));
    at = skipSpace(line, end);
    if (line[at] !== COMMA) break;
    at = skipSpace(line, at + 1);
  }
  return values;
}

/** The object on one line. */
export function writeRawObject(fields: Iterable<readonly [string, string]>): string {
  const parts: string[] = [];
  for (const [name, value] of fields) parts.push(`${JSON.stringify(name)}:${oneLine(value)}`);
  return `{${parts.join(',')}}`;
}

/** JSON text without line breaks: between tokens they mean nothing, and inside of strings they cannot stand raw. */
export function oneLine(json: string): string {
  return json.includes('\n') || json.includes('\r') ? json.replaceAll(/[\r\n]+/g, ' ') : json;
}

const STRING = /^\s*"(.*)"\s*$/s;

/** The string that a raw JSON value is; null when it is none. */
export function readRawString(raw: string | undefined): string | null {
  const inner = raw === undefined ? undefined : STRING.exec(raw)?.[1];
  if (inner === undefined) return null;
  const bytes = Buffer.from(inner);
  return decodeString(bytes, 0, bytes.length);
}

/** Parses JSON that may hold no extensions. Undefined when it is not valid. */
export function parseStrict(raw: string): unknown {
  try {
    return JSON.parse(raw) as unknown;
  } catch {
    return undefined;
  }
}

/** Text with replacement characters where UTF-8 cannot say what it holds (lone surrogates). */
export function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
