/** What went wrong in the window of one name, all processes together. */
export interface FailureCount {
  failures: number;
  /** Ms until the window ends and counting begins anew. */
  endsInMs: number;
}

/** Counts failures by name in windows, over all processes. A window begins with its first failure. */
export interface FailureCounts {
  /** Counts one more. Rejects when the place where all count is away. */
  add(name: string, windowMs: number): Promise<FailureCount>;
  /** What is counted now. Rejects when the place where all count is away. */
  get(name: string): Promise<FailureCount>;
}
