import { requestErrors } from '../errors.ts';
import { type RawFields, readRawString } from '../json/raw-object.ts';

/** Characters of a tag, and tags that one request names. */
export const MAX_TAG = 255;
export const MAX_TAGS = 1000;

const MAX_NAME = 255;
/** All names and values of one job, characters. */
export const MAX_ARGS = 256 * 1024;

/** Text that goes into the database and to a crawl. Throws `invalid` where neither could hold it. */
export function checkText(field: string, text: string): string {
  if (text.includes('\0')) throw requestErrors.invalid(field, 'NUL characters are not allowed');
  if (/\p{Surrogate}/u.test(text)) throw requestErrors.invalid(field, 'unpaired surrogates are not allowed');
  return text;
}

/**
 * Spider arguments reach Scrapy as `-a NAME=VALUE`: a name with `=` would become another one, and one that begins with
 * `-` an option. Throws `invalid` that names the argument.
 */
export function checkArgs(args: Record<string, string>): Record<string, string> {
  let size = 0;
  for (const [name, value] of Object.entries(args)) {
    const shown = name.slice(0, MAX_NAME);
    size += name.length + value.length;
    if (name.length > MAX_NAME) throw requestErrors.invalid(shown, 'the name is too long');
    if (/^-|=|^$/.test(name)) throw requestErrors.invalid(shown, 'is no name for a spider argument');
    if (size > MAX_ARGS)
      throw requestErrors.invalid(shown, `spider arguments are longer than ${MAX_ARGS} characters`);
    checkText(shown, name);
    checkText(shown, value);
  }
  return args;
}

/** Spider arguments are texts, whatever a caller sends: other values are what they were written as. */
export function textArgs(fields: RawFields): Record<string, string> {
  return checkArgs(Object.fromEntries([...fields].map(([name, raw]) => [name, readRawString(raw) ?? raw])));
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;
const NUMBER_OR_BOOLEAN = /^[-\dtf]/;

/** Environment variables of a script job; numbers and booleans are taken as they are written. Throws `invalid`. */
export function textEnvironment(fields: RawFields): Record<string, string> {
  const variables = [...fields].map(([name, raw]) => {
    if (!VARIABLE.test(name))
      throw requestErrors.invalid('environment', `${JSON.stringify(name)} is no variable name`);
    const text = readRawString(raw) ?? (NUMBER_OR_BOOLEAN.test(raw) ? raw : null);
    if (text === null) throw requestErrors.invalid('environment', `${name} must be a string`);
    return [name, checkText('environment', text)];
  });
  return Object.fromEntries(variables) as Record<string, string>;
}
