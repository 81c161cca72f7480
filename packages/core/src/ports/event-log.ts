import type { EventFilter, EventPage } from '../events/events.ts';

/**
 * The one log of what happened: transitions of jobs, deployments, what callers report. A reader that follows its cursor
 * sees each event exactly once, however the transactions that wrote them overlapped; the price is that a long writing
 * transaction holds back what came after it.
 */
export interface EventLog {
  /** A cursor behind everything that is settled now. */
  end(): Promise<string>;
  /** A cursor before everything that is kept. */
  beginning(): Promise<string>;
  /**
   * Up to `limit` events behind the cursor that a filter means. The cursor of the answer lies behind all that was looked
   * at, so that a reader of a quiet project does not look at everybody else's events again and again. Throws `invalid` for a
   * text that is no cursor; `conflict` with the oldest cursor in `details.cursor` for one of another log (`other_log`: the
   * database was restored, and its transactions count anew), and for one before what is kept (`events_gone`).
   */
  read(cursor: string, limit: number, filter?: EventFilter): Promise<EventPage>;
}
