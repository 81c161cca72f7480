import { DomainError } from '@spiderhub/core';
import { decodeUtf8, PythonError } from './python-text.ts';

/** Names and values are bytes: names as latin1 text, values as they came. A name that came again has more values. */
export type Fields = Map<string, Buffer[]>;

const EMPTY = Buffer.alloc(0);

/** Adds an empty value and returns all values of the name, the new one last. */
export function addValue(fields: Fields, name: string): Buffer[] {
  const values = fields.get(name) ?? [];
  values.push(EMPTY);
  fields.set(name, values);
  return values;
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
function requiredBytes(fields: Fields, name: string): Buffer {
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
