import type { EventPage } from '../events/events.ts';

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
   * Up to `limit` events behind the cursor, of all projects or of some. Throws `invalid` for a text that is no cursor,
   * `conflict` (`other_log`) for one of another log: the database was restored, and its transactions count anew.
   */
  read(cursor: string, limit: number, projects?: readonly number[]): Promise<EventPage>;
}
