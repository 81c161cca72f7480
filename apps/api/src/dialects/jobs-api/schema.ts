import {
  JOB_STATES,
  MAX_TAG,
  MAX_TAGS,
  parseJobKey,
  type RawFields,
  readRawObject,
  requestErrors,
} from '@spiderhub/core';
import { z } from 'zod';
import { expected, integer, oneOf, Text, Texts } from '../../http/fields.ts';

/** A number in a path or a parameter. Nine digits, because it is a Postgres integer. */
function numberOf(what: string) {
  return z
    .string({ error: expected(what) })
    .regex(/^[1-9]\d{0,8}$/, `expected ${what}`)
    .transform(Number);
}

export const ProjectId = numberOf("a project's number");
export const SpiderNumber = numberOf("a spider's number");

/** Tags of one request, in their order. */
export const Tags = Texts.refine((tags) => tags.length <= MAX_TAGS, `more than ${MAX_TAGS} tags`).refine(
  (tags) => tags.every((tag) => tag.trim() !== '' && tag.length <= MAX_TAG),
  `a tag has 1 to ${MAX_TAG} characters`,
);

/**
 * Texts of a filter. An empty one is a variable of a script that was never set: `lacks_tag=` would be every job, with those
 * that were meant to be left out.
 */
const Some = Texts.refine((texts) => texts.length > 0, 'is empty');
const Wanted = Some.refine((texts) => !texts.includes(''), 'is empty');

export const JobKeys = Some.transform((texts) => texts.map((text) => parseJobKey(text)));

const State = oneOf(JOB_STATES);
const States = z.union([State.transform((one) => [one]), z.array(State).min(1)], {
  error: expected(`one of ${JOB_STATES.join(', ')}`),
});

/** What selects jobs of a project. */
export const filterFields = {
  project: ProjectId,
  job: JobKeys.optional(),
  spider: Wanted.optional(),
  state: States.optional(),
  has_tag: Wanted.optional(),
  lacks_tag: Wanted.optional(),
  /** Negative: the newest ones, which come first anyway. */
  count: integer(-999_999_999, 999_999_999).optional(),
  offset: integer(0, 999_999_999).optional(),
};

/** The key may stand in a query or a form: it is no parameter of any operation. */
export const apikeyField = { apikey: Text.optional() };

// Strict: a list whose filter is misspelt would show jobs that were not meant.
export const ListQuery = z
  .strictObject({
    ...filterFields,
    /** Another name of `job`, which Scrapinghub's own client in Go uses. */
    job_id: JobKeys.optional(),
    ...apikeyField,
  })
  .meta({ id: 'ScrapinghubJobFilter' });
export type ListQuery = z.output<typeof ListQuery>;

export const Ok = z.object({ status: z.literal('ok') }).meta({ id: 'ScrapinghubOk' });
export const Counted = z
  .object({ status: z.literal('ok'), count: z.int() })
  .meta({ id: 'ScrapinghubCounted' });

const MAX_JSON = 256 * 1024;
const MAX_DEPTH = 100;

/** A JSON object in a form field: name to the JSON text of its value. Throws `invalid` when it is anything else. */
export function rawJsonObject(text: string, field: string): RawFields {
  if (text.length > MAX_JSON) throw requestErrors.invalid(field, `is longer than ${MAX_JSON} characters`);
  if (nestsDeeper(text, MAX_DEPTH))
    throw requestErrors.invalid(field, `is nested deeper than ${MAX_DEPTH} levels`);
  const fields = readRawObject(text);
  if (!fields)
    throw requestErrors.invalid(field, /^\s*\{/.test(text) ? 'is not valid JSON' : 'expected a JSON object');
  return fields;
}

const BRACKETS = /"(?:[^"\\]|\\.)*"|[[{]|[\]}]/gs;

/** Python reads only so much: what is too deep would fail far from where it came in. */
function nestsDeeper(text: string, limit: number): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(BRACKETS)) {
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}
