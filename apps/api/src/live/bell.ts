/** Lets any number of callers wait until something happens. */
export interface Bell {
  /** How often it rang: who remembers that misses nothing between a look and the wait after it. */
  readonly rings: number;
  ring(): void;
  /** Calls back at each ring until the returned function is called. */
  onRing(listener: () => void): () => void;
  /** Settles at the next ring after so many, at the signal, or after so long, ms. Never rejects. */
  wait(since: number, signal: AbortSignal, ms?: number): Promise<void>;
}

export function createBell(): Bell {
  const waiting = new Set<() => void>();
  let rings = 0;
  return {
    get rings() {
      return rings;
    },
    ring() {
      rings += 1;
      // Who begins to wait because of this ring waits for the next one.
      const woken = [...waiting];
      for (const wake of woken) wake();
    },
    onRing(listener) {
      // The same function may listen twice.
      const one = () => listener();
      waiting.add(one);
      return () => waiting.delete(one);
    },
    wait(since, signal, ms) {
      if (rings !== since || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        // One listener of each kind, and none is left behind: streams wait a million times.
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          if (timer) clearTimeout(timer);
          resolve();
        };
        const timer = ms === undefined ? null : setTimeout(wake, ms);
        waiting.add(wake);
        signal.addEventListener('abort', wake);
      });
    },
  };
}
