import type { IncomingHttpHeaders } from 'node:http';
import {
  type Caller,
  dataOf,
  EVENT_TYPES,
  type EventFilter,
  formatJobKey,
  type LoggedEvent,
  requestErrors,
} from '@spiderhub/core';
import { eventContracts as contracts } from '@spiderhub/wire';
import { LiveReply, sseEvent } from '../../../http/live.ts';
import type { Operation } from '../../../http/operation.ts';
import { guestOf } from '../../../http/rooms.ts';
import type { Parts } from '../../../parts.ts';
import { served } from '../served.ts';

/** A cursor of another log is gone for good. */
const ASKS = { action: 'events.read', statusOf: { conflict: 410 } } as const;
const LIMIT = 100;
const MAX_PROJECTS = 1000;
/** A project number has nine digits at most. */
const NUMBER = /^[1-9]\d{0,8}$/;

export function eventOperations(parts: Parts): Operation[] {
  return [
    served(
      contracts.readEvents,
      ASKS,
    )(async ({ caller, query }) => {
      const projects = await projectsOf(query.project, caller);
      const { events, rooms } = parts.live;
      const wanted = {
        cursor: await cursorOf(parts, query.after),
        limit: query.limit ?? LIMIT,
        filter: { projects, types: typesOf(query.type) },
        waitMs: (query.wait ?? 0) * 1000,
      };
      const leave = wanted.waitMs > 0 ? rooms.enter(await guestOf(caller), () => {}) : () => {};
      try {
        const page = await events.page(wanted);
        return { events: page.events.map(eventView), cursor: page.cursor, more: page.more };
      } finally {
        leave();
      }
    }),
    served(
      contracts.streamProject,
      ASKS,
    )(async ({ caller, params, query, headers }) => {
      await caller.may(params.project);
      const filter: EventFilter = { projects: [params.project], types: typesOf(query.type) };
      const cursor = await cursorOf(parts, lastEventId(headers) ?? query.after ?? 'now');
      // What is wrong with a cursor is said by a status, before the answer begins.
      await parts.eventLog.read(cursor, 1, filter);
      return new LiveReply(async (out) => {
        for await (const batch of parts.live.events.follow(cursor, filter, out.signal)) {
          await out.send(batch.events.map((event) => sseEvent(null, eventView(event), event.id)).join(''));
        }
      });
    }),
  ];
}

/** As every reader of events gets them: in the feed, in streams and from webhooks. */
export function eventView({ id, type, at, project, job, actor, data }: LoggedEvent) {
  return {
    id,
    type,
    timestamp: at.toISOString(),
    project,
    job: job && formatJobKey({ project, ...job }),
    actor,
    data: dataOf({ data }),
  };
}

/** What a reader that was interrupted has seen last, when it says so. */
export function lastEventId(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['last-event-id'];
  return typeof given === 'string' && given !== '' ? given : undefined;
}

/** `now`, a cursor, or without one the beginning of what is kept. */
async function cursorOf({ eventLog }: Parts, after: string | undefined): Promise<string> {
  if (after === undefined) return eventLog.beginning();
  return after === 'now' ? eventLog.end() : after;
}

function typesOf(types: string[] | undefined): string[] | undefined {
  const unknown = types?.find((type) => !(EVENT_TYPES as readonly string[]).includes(type));
  if (unknown !== undefined)
    throw requestErrors.invalid('type', `${unknown.slice(0, 100)} is none of ${EVENT_TYPES.join(', ')}`);
  return types;
}

/** Those that are asked for, all of which the caller must be able to see; else all that it sees. */
async function projectsOf(
  asked: string[] | undefined,
  caller: Caller,
): Promise<readonly number[] | undefined> {
  if (!asked) return caller.everywhere() ?? undefined;
  const numbers = asked.map((text) => {
    if (!NUMBER.test(text)) throw requestErrors.invalid('project', 'expected numbers of projects');
    return Number(text);
  });
  if (numbers.length === 0 || numbers.length > MAX_PROJECTS)
    throw requestErrors.invalid('project', `expected 1 to ${MAX_PROJECTS} numbers`);
  await caller.mayEach(numbers);
  return numbers;
}
