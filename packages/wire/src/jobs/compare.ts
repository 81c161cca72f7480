import { z } from 'zod';
import { contract } from '../contract.ts';
import { READ_ERRORS } from '../errors.ts';
import { Count, OfProject, Time } from '../fields.ts';
import { JobState, Outcome } from './fields.ts';

const side = z.string().nullable();
/** What differs between the two; null where one has no such thing. */
const Difference = z.strictObject({ name: z.string(), a: side, b: side }).meta({ id: 'Difference' });

const ComparedJob = z
  .strictObject({
    key: z.string(),
    spider: z.string(),
    state: JobState,
    outcome: Outcome.nullable(),
    closeReason: z.string().nullable(),
    version: z.string().nullable(),
    runningAt: Time.nullable(),
    finishedAt: Time.nullable(),
    seconds: z.number().nullable(),
    items: Count,
    pages: Count,
    errors: Count,
  })
  .meta({ id: 'ComparedJob' });

/** Items over time of one job: seconds since its start, items so far. */
const Progress = z.array(z.tuple([z.number(), z.number()]));

export const compareJobs = contract({
  id: 'compareJobs',
  method: 'get',
  path: '/projects/:project/compare',
  summary: 'Two jobs of a project side by side: only what differs',
  params: OfProject,
  query: z.strictObject({
    /** Keys, `1/7` or with the project before it. */
    a: z.string().max(40),
    b: z.string().max(40),
    /** Field that items are told apart by; without it they are not compared. */
    by: z.string().max(500).optional(),
  }),
  body: null,
  reply: z
    .strictObject({
      a: ComparedJob,
      b: ComparedJob,
      /** Version, priority, units, tags, command. */
      facts: z.array(Difference),
      args: z.array(Difference),
      settings: z.array(Difference),
      environment: z.array(Difference),
      /** Numbers by their relative change, the largest first; then what is no number. */
      stats: z.array(Difference.extend({ change: z.number().nullable() })),
      /** Shares of items, 0 to 1. The largest change first. */
      coverage: z.array(
        z.strictObject({ name: z.string(), a: z.number().nullable(), b: z.number().nullable() }),
      ),
      progress: z.strictObject({ a: Progress, b: Progress }),
      errors: z.array(z.strictObject({ shape: z.string(), a: Count, b: Count })),
      /** Over at most 20,000 items of each; null when no field was named. */
      items: z
        .strictObject({
          same: Count,
          changed: Count,
          onlyA: Count,
          onlyB: Count,
          /** At most 100 of them. */
          examples: z.array(
            z.strictObject({
              key: z.string(),
              kind: z.enum(['changed', 'only a', 'only b']),
              /** Names of fields that differ. */
              fields: z.array(z.string()),
              a: Count.nullable(),
              b: Count.nullable(),
            }),
          ),
          /** Not all items were looked at. */
          isPartial: z.boolean(),
        })
        .nullable(),
    })
    .meta({ id: 'Comparison' }),
  errors: READ_ERRORS,
});
