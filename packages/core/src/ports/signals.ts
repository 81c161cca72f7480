/** Lossy hints between processes (Redis pub/sub). Losing one only costs time: Postgres holds the truth. */
export interface Signals {
  /** Something became pending, or a slot became free. Never throws, never waits. */
  wakeLeader(): void;
  /** Something happened that those may want to see who listen, or there is something to send. Never throws, never waits. */
  happened(): void;
  /** A running job of this worker was asked to stop. */
  stopRequested(workerId: string): void;
}
