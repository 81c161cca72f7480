import {
  DomainError,
  oneLine,
  parseStrict,
  type RawFields,
  readRawObject,
  requestErrors,
} from '@spiderhub/core';
import { parseRecord } from '@spiderhub/hub';
import { readBody } from '../../http/body.ts';
import type { Incoming } from '../../http/incoming.ts';

/** Bodies that describe jobs, settings or keys; records come through `intake.ts`. */
const MAX_BYTES = 16 * 1024 * 1024;

const LINE_ENDS = /\r?\n/;

/** The lines of a short body, without blank ones. */
export async function readTextLines(incoming: Incoming): Promise<string[]> {
  const text = (await readBody(incoming, MAX_BYTES)).toString('utf8');
  return text.split(LINE_ENDS).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
}

/** One JSON object a line. Throws `invalid` for a line that is none. */
export async function readObjects(incoming: Incoming): Promise<RawFields[]> {
  return (await readTextLines(incoming)).map((line) => {
    const fields = readRawObject(line);
    if (!fields) throw requestErrors.invalid('body', 'expected one JSON object a line');
    return fields;
  });
}

/** One JSON object, which may stand on several lines; an empty body is an empty object. */
export async function readObject(incoming: Incoming, maxBytes = MAX_BYTES): Promise<RawFields> {
  const text = (await readBody(incoming, maxBytes)).toString('utf8');
  const fields = text.trim() === '' ? new Map<string, string>() : readRawObject(text);
  if (!fields) throw requestErrors.invalid('body', 'expected a JSON object');
  return fields;
}

/** One JSON value as its raw text on one line. */
export async function readRawValue(incoming: Incoming, maxBytes = MAX_BYTES): Promise<string> {
  const raw = oneLine((await readBody(incoming, maxBytes)).toString('utf8').trim());
  // Python's NaN and Infinity are values, too.
  if (parseRecord(Buffer.from(raw)) !== undefined) return raw;
  throw requestErrors.invalid('body', 'expected a JSON value');
}

/** Strings, one a line or in arrays of them. Throws `invalid` for anything else. */
export async function readStrings(incoming: Incoming): Promise<string[]> {
  const strings: string[] = [];
  for (const line of await readTextLines(incoming)) {
    const value = parseStrict(line);
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one !== 'string') throw new DomainError('invalid', 'not_a_string', 'expected JSON strings');
      strings.push(one);
    }
  }
  return strings;
}
