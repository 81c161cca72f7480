import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS } from '../errors.ts';
import { Count, None, OfJob, queryNumber } from '../fields.ts';
import { attempt, OfRecord, recordNumber } from './logs.ts';

/**
 * A value as its JSON text, never parsed: `NaN` and 2^60 come as they were written. Text that begins with a quote is a
 * string, with its escapes.
 */
const RawValue = z
  .strictObject({
    name: z.string(),
    text: z.string(),
    /** Bytes of the whole text; more than `text` has when that is cut. */
    size: Count,
  })
  .meta({ id: 'RawValue' });

const Item = z.strictObject({ n: Count, fields: z.array(RawValue) }).meta({ id: 'Item' });

export const itemContracts = {
  readItems: contract({
    id: 'readItems',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/items',
    summary: 'A part of the items of a job; each value is cut at 2,048 bytes',
    params: OfJob,
    query: z.strictObject({
      from: recordNumber.optional(),
      limit: queryNumber(1, 500).optional(),
      /** Names of fields, as a JSON list; all by default. */
      fields: z.string().max(20_000).optional(),
      attempt,
    }),
    body: null,
    reply: z
      .strictObject({
        items: z.array(Item),
        /** The next `from`. */
        next: Count,
        /** Nothing is behind it at the moment. */
        done: z.boolean(),
        end: Count,
      })
      .meta({ id: 'ItemPage' }),
    errors: READ_ERRORS,
  }),
  readItem: contract({
    id: 'readItem',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/items/:record',
    summary: 'One item of a job, each value whole up to a million bytes',
    params: OfRecord,
    query: z.strictObject({ attempt }),
    body: null,
    reply: Item,
    errors: READ_ERRORS,
  }),
  readCoverage: contract({
    id: 'readCoverage',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/coverage',
    summary: 'How many items have each field, and how many usually do',
    params: OfJob,
    query: None,
    body: null,
    reply: z
      .strictObject({
        items: Count,
        bytes: Count,
        /** The fullest first. Names that items never had here and usually do are there with 0. */
        fields: z.array(
          z.strictObject({
            name: z.string(),
            count: Count,
            /** Of the items, 0 to 1. */
            share: z.number(),
            /** The median of the last five good runs before this one; null where there are fewer than two. */
            usual: z.number().nullable(),
          }),
        ),
      })
      .meta({ id: 'Coverage' }),
    errors: READ_ERRORS,
  }),
  readField: contract({
    id: 'readField',
    method: 'get',
    path: '/projects/:project/jobs/:spider/:job/field',
    summary: 'What the values of one field look like, over a sample of at most 1,000 items',
    params: OfJob,
    query: z.strictObject({ name: z.string().max(500), attempt }),
    body: null,
    reply: z
      .strictObject({
        /** Items that were looked at, evenly over the stream. */
        sample: Count,
        /** Of those, how many have the field. */
        present: Count,
        types: z.array(
          z.strictObject({
            type: z.enum(['string', 'number', 'boolean', 'null', 'list', 'object']),
            count: Count,
          }),
        ),
        /** Empty strings, lists and objects, and null. */
        empty: Count,
        /** Characters of strings, or entries of lists; null when there are none. */
        length: z.strictObject({ least: Count, median: z.number(), most: Count }).nullable(),
        distinct: Count,
        /** JSON text of the most frequent ones, cut at 200 characters. */
        frequent: z.array(z.strictObject({ text: z.string(), count: Count })),
      })
      .meta({ id: 'FieldSummary' }),
    errors: READ_ERRORS,
  }),
};
