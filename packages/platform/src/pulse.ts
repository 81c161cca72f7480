/** Wakes a loop early. A beat that comes while nobody waits is kept for the next wait. */
export interface Pulse {
  beat(): void;
  /** Returns after `ms`, at a beat, or when `signal` aborts: whatever comes first. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

export function createPulse(): Pulse {
  let pending = false;
  let wakeUp: (() => void) | null = null;
  return {
    beat() {
      if (wakeUp) wakeUp();
      else pending = true;
    },
    async wait(ms, signal) {
      if (pending || signal?.aborted) {
        pending = false;
        return;
      }
      await new Promise<void>((resolve) => {
        const done = () => {
          wakeUp = null;
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, ms);
        signal?.addEventListener('abort', done);
        wakeUp = done;
      });
    },
  };
}
