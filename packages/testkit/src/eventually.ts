interface EventuallyOptions {
  /** Gives up after this long, ms. */
  timeoutMs?: number;
  /** Between two tries, ms. */
  everyMs?: number;
}

/** Repeats `check` until it neither throws nor rejects, and returns what it returned. Throws its last error. */
export async function eventually<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 60_000, everyMs = 25 }: EventuallyOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  }
}
