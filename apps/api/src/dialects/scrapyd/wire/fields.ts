import { DomainError } from '@spiderhub/core';
import { decodeUtf8, PythonError } from './python-text.ts';

/** Names and values are bytes: names as latin1 text, values as they came. A name that came again has more values. */
export type Fields = Map<string, Buffer[]>;

const MAX_FIELDS = 10_000;
const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

export function addField(fields: Fields, name: string, value: Buffer): void {
  const before = fields.get(name);
  if (before) before.push(value);
  else if (fields.size >= MAX_FIELDS) throw tooMany();
  else fields.set(name, [value]);
}

function tooMany(): DomainError {
  return new DomainError('too_large', 'too_many_parameters', `more than ${MAX_FIELDS} parameters`);
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Undoes `+` and `%XX`; anything that is no escape stays as it is. The result may share memory with `bytes`. */
export function unquote(bytes: Buffer): Buffer {
  if (bytes.indexOf(PERCENT) < 0 && bytes.indexOf(PLUS) < 0) return bytes;
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    const value = byte === PERCENT ? hexDigit(bytes[at + 1]) * 16 + hexDigit(bytes[at + 2]) : -1;
    if (value >= 0 && hexDigit(bytes[at + 1]) >= 0 && hexDigit(bytes[at + 2]) >= 0) {
      out[length++] = value;
      at += 2;
    } else out[length++] = byte === PLUS ? SPACE : byte;
  }
  return out.subarray(0, length);
}

/** Both end a pair, as in Twisted. */
function endOfPair(bytes: Buffer, from: number): number {
  const ampersand = bytes.indexOf('&', from);
  const end = ampersand < 0 ? bytes.length : ampersand;
  const semicolon = bytes.subarray(from, end).indexOf(';');
  return semicolon < 0 ? end : from + semicolon;
}

/** Adds `a=1&b=2`. A part without `=` is left out; names mean nothing but themselves. */
export function addQuery(fields: Fields, bytes: Buffer): void {
  for (let from = 0; from < bytes.length; ) {
    const end = endOfPair(bytes, from);
    const equals = bytes.subarray(from, end).indexOf('=');
    if (equals >= 0) {
      const name = unquote(bytes.subarray(from, from + equals)).toString('latin1');
      addField(fields, name, unquote(bytes.subarray(from + equals + 1, end)));
    }
    from = end + 1;
  }
}

/** What came in the body counts where both have a name. */
export function withBody(query: Fields, body: Fields): Fields {
  for (const [name, values] of body) query.set(name, values);
  return query;
}

/** An error in Scrapyd's plain words: the message stands alone. */
export function refused(message: string): DomainError {
  return new DomainError('invalid', 'refused', message);
}

function take(fields: Fields, name: string): Buffer[] | undefined {
  const values = fields.get(name);
  fields.delete(name);
  return values;
}

/** Runs a conversion; what Python would say about a bad value is put behind the parameter's name. */
function converted<T>(name: string, convert: () => T): T {
  try {
    return convert();
  } catch (error) {
    if (error instanceof PythonError) throw refused(`${name} is invalid: ${error.message}`);
    throw error;
  }
}

/** Takes a parameter that must be there, as bytes. */
export function requiredBytes(fields: Fields, name: string): Buffer {
  const first = take(fields, name)?.[0];
  if (first === undefined) throw refused(`'${name}' parameter is required`);
  return first;
}

/** Takes a parameter that must be there; of several values the first. */
export function required(fields: Fields, name: string): string {
  const bytes = requiredBytes(fields, name);
  return converted(name, () => decodeUtf8(bytes));
}

export function optional(fields: Fields, name: string): string | null {
  return optionalAs(fields, name, decodeUtf8);
}

export function optionalAs<T>(fields: Fields, name: string, convert: (bytes: Buffer) => T): T | null {
  const first = take(fields, name)?.[0];
  return first === undefined ? null : converted(name, () => convert(first));
}

export function all(fields: Fields, name: string): string[] {
  const values = take(fields, name) ?? [];
  return converted(name, () => values.map(decodeUtf8));
}

/** What is left: names and first values. Throws as Python would, without a parameter's name. */
export function rest(fields: Fields): Record<string, string> {
  const found: [string, string][] = [];
  for (const [name, [first]] of fields) {
    found.push([decodeUtf8(Buffer.from(name, 'latin1')), decodeUtf8(first as Buffer)]);
  }
  // Not an assignment by name: `__proto__` is an argument like any other.
  return Object.fromEntries(found);
}
