import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS } from './errors.ts';
import { Id, None, OfProject, QueryList, queryNumber, Time } from './fields.ts';

export const Event = z
  .strictObject({
    /** Which no other event has; the cursor behind it, too. */
    id: z.string(),
    /** `job.finished`. */
    type: z.string(),
    timestamp: Time,
    project: Id,
    /** `project/spider/job` of a job's event. */
    job: z.string().nullable(),
    /** Who did it; null when nobody asked for it. */
    actor: z.string().nullable(),
    /** What belongs to the event. */
    data: z.unknown(),
  })
  .meta({ id: 'Event' });

const EventPage = z
  .strictObject({
    events: z.array(Event),
    /** For `after` of the next call: behind everything that was looked at. */
    cursor: z.string(),
    /** True: there may be more already. */
    more: z.boolean(),
  })
  .meta({ id: 'EventPage' });

const MAX_LIMIT = 1000;
const MAX_WAIT_SECONDS = 60;

/** A cursor, or `now`. */
const After = z.string().min(1).max(100).optional();

const EventQuery = z.strictObject({ after: After, type: QueryList.optional() });

export const eventContracts = {
  readEvents: contract({
    id: 'readEvents',
    method: 'get',
    path: '/events',
    summary: 'What happened in the projects of the caller, oldest first, and what happens next',
    params: None,
    query: EventQuery.extend({
      limit: queryNumber(1, MAX_LIMIT).optional(),
      /** Holds an empty answer until something happens, for at most so many seconds. */
      wait: queryNumber(0, MAX_WAIT_SECONDS).optional(),
      project: QueryList.optional(),
    }),
    body: null,
    reply: EventPage,
    errors: [...READ_ERRORS, 410],
  }),
  streamProject: contract({
    id: 'streamProject',
    method: 'get',
    path: '/projects/:project/stream',
    summary: 'What happens in a project, as Server-Sent Events',
    params: OfProject,
    query: EventQuery,
    body: null,
    reply: z.string(),
    media: 'text/event-stream',
    errors: [...READ_ERRORS, 410],
  }),
};
