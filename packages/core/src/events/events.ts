import type { JobEvent } from '../jobs/transitions.ts';

/** Everything that the event log tells of. */
export type EventType =
  | JobEvent
  | 'version.deployed'
  | 'project.reported'
  /** A planned time of a periodic job at which nothing started, and did not have to. */
  | 'schedule.skipped'
  /** A planned time of which not all tasks could start. */
  | 'schedule.failed'
  /** Nobody tries this periodic job any more: none of its tasks could start, time and again. */
  | 'schedule.disabled';

/** One thing that happened. */
export interface LoggedEvent {
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

/** Events that happened after a cursor, oldest first, and the cursor behind the last of them. */
export interface EventPage {
  events: LoggedEvent[];
  cursor: string;
  /** True: there are more already. */
  more: boolean;
}
