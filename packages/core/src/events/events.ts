import type { JobEvent } from '../jobs/transitions.ts';
import { parseStrict } from '../json/raw-object.ts';

const JOB_EVENTS = [
  'job.scheduled',
  'job.started',
  'job.requeued',
  'job.finished',
  'job.cancelled',
  'job.deleted',
  'job.restored',
] as const satisfies readonly JobEvent[];

/** Consumers tag every job that they have dealt with, so that it is only told to who asks for it by name. */
export const TAGGED = 'job.tagged';

/** Everything that the event log tells of. */
export const EVENT_TYPES = [
  ...JOB_EVENTS,
  /** Tags of a job have changed; without a job when one statement changed those of more than a thousand. */
  TAGGED,
  'version.deployed',
  'project.reported',
  /** A planned time of a periodic job at which nothing started, and did not have to. */
  'schedule.skipped',
  /** A planned time of which not all tasks could start. */
  'schedule.failed',
  /** Nobody tries this periodic job any more: none of its tasks could start, time and again. */
  'schedule.disabled',
  /** Nothing is sent to this webhook any more. */
  'webhook.disabled',
] as const;
export type EventType = JobEvent | (typeof EVENT_TYPES)[number];

/** One thing that happened. */
export interface LoggedEvent {
  /** The cursor behind it, which no other event has. */
  id: string;
  type: EventType;
  project: number;
  /** Of a job's event. */
  job: { spider: number; job: number } | null;
  /** Who did it; null when nobody asked for it. */
  actor: string | null;
  /** JSON text: what belongs to the event, or what a caller reported, word for word. */
  data: string | null;
  at: Date;
}

/** Strings, which stay, and what Python writes beyond JSON. */
const PYTHON_WORDS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?Infinity|NaN/gs;

/** What an event says. Numbers that JSON has no word for (`NaN`, `Infinity`, in what callers reported) are null. */
export function dataOf({ data }: Pick<LoggedEvent, 'data'>): unknown {
  if (data === null) return null;
  const known = parseStrict(data);
  if (known !== undefined) return known;
  return parseStrict(data.replaceAll(PYTHON_WORDS, (word) => (word.startsWith('"') ? word : 'null'))) ?? null;
}

/** Which events are meant; absent means all. */
export interface EventFilter {
  projects?: readonly number[] | undefined;
  types?: readonly string[] | undefined;
}

/** Events that happened after a cursor, oldest first, and the cursor behind everything that was looked at. */
export interface EventPage {
  events: LoggedEvent[];
  cursor: string;
  /** True: there may be more already. */
  more: boolean;
}

const CURSOR = /^([0-9a-f]{16})-(\d{1,20})-(\d{1,19})$/;

/** What the database's own numbers hold. */
const MAX_XID = 2n ** 64n - 1n;
const MAX_ID = 2n ** 63n - 1n;

/** A place in an event log. */
export interface EventPosition {
  /** Which log it is: transactions of another one mean nothing. */
  log: string;
  xid: bigint;
  id: bigint;
}

/** Reads a cursor, or returns null when the text is none. */
export function readCursor(text: string): EventPosition | null {
  const [, log, xid, id] = CURSOR.exec(text) ?? [];
  if (log === undefined || xid === undefined || id === undefined) return null;
  const position = { log, xid: BigInt(xid), id: BigInt(id) };
  return position.xid <= MAX_XID && position.id <= MAX_ID ? position : null;
}

export function formatCursor({ log, xid, id }: EventPosition): string {
  return `${log}-${xid}-${id}`;
}

/** Whether a cursor lies behind another one of the same log. */
export function isBehind(cursor: string, other: string): boolean {
  const [one, two] = [readCursor(cursor), readCursor(other)];
  if (!one || !two) throw new Error('not a cursor');
  return one.xid === two.xid ? one.id > two.id : one.xid > two.xid;
}

/** Whether an event is one of those that a filter means. */
export function isMeant({ projects, types }: EventFilter, { project, type }: LoggedEvent): boolean {
  return (!projects || projects.includes(project)) && (!types || types.includes(type));
}
