export interface ActivityEvent {
  /** Grows with time. */
  id: number;
  project: number;
  /** Ms since the epoch. */
  ts: number;
  /** Raw JSON object on one line. */
  event: string;
}

/** What happened in a project. The service's own events about jobs come in by themselves. */
export interface ActivityStore {
  add(project: number, events: readonly string[]): Promise<void>;
  /** Newest first: up to `limit` events older than `before`. */
  page(project: number, before: number | null, limit: number): Promise<ActivityEvent[]>;
}
