/** What was counted under a name in its present window. */
export interface WindowCount {
  used: number;
  /** Ms until the window ends and counting begins anew. */
  endsInMs: number;
}

/** Counts by name in windows, over all processes where they can reach each other. A window begins with its first count. */
export interface UsageCounts {
  /** Counts `n` more. While the place where all count is away, what this process has counted. */
  add(name: string, n: number, windowSeconds: number): Promise<WindowCount>;
}
