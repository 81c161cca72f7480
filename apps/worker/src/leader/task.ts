/** One of the things that exactly one process does at any time. */
export interface LeaderTask {
  name: string;
  /** Pause between two runs, ms. */
  everyMs: number;
  /** Runs at once when the leader is woken, too. */
  wakes?: boolean;
  /** `term`: what must not be done by two leaders names it. A run that fails is tried again after the pause. */
  run(term: number): Promise<void>;
}
