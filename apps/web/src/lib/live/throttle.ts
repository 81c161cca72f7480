/**
 * Runs soon after it is asked to, and then at most once in so many ms, however often it is asked. The last wish is never
 * lost.
 */
export function throttled(run: () => void, everyMs: number, soonMs = 150): { ask(): void; stop(): void } {
  let timer: ReturnType<typeof setTimeout> | null = null;
  let ranAt = Number.NEGATIVE_INFINITY;
  return {
    ask() {
      timer ??= setTimeout(
        () => {
          timer = null;
          ranAt = performance.now();
          run();
        },
        Math.max(soonMs, ranAt + everyMs - performance.now()),
      );
    },
    stop() {
      if (timer) clearTimeout(timer);
      timer = null;
    },
  };
}
