import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS } from './errors.ts';
import { Count, None, Time } from './fields.ts';

export const readServer = contract({
  id: 'readServer',
  method: 'get',
  path: '/server',
  summary: 'Workers, queue and versions of the service (staff)',
  params: None,
  query: None,
  body: null,
  reply: z
    .strictObject({
      node: z.string(),
      postgres: z.string(),
      /** Migrations that the database has. */
      migration: z.string(),
      workers: z.array(
        z.strictObject({
          id: z.string(),
          host: z.string(),
          slots: Count,
          running: Count,
          startedAt: Time,
          seenAt: Time,
          isAlive: z.boolean(),
        }),
      ),
      slots: Count,
      running: Count,
      pending: Count,
      /** Since when the job waits that has waited longest. */
      oldestPending: Time.nullable(),
      /** The process that hands out work; null when nobody does. */
      leader: z.string().nullable(),
      /** How crawls are kept apart, as this process is set up. */
      isolation: z.string(),
      /** Jobs for which there is data still to be removed. */
      streamsToFree: Count,
    })
    .meta({ id: 'Server' }),
  errors: READ_ERRORS,
});
