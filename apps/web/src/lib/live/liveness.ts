import { useSyncExternalStore } from 'react';

/** How fresh what is shown is. */
export type Liveness = 'live' | 'reconnecting' | 'paused' | 'off';

let current: Liveness = 'live';
const listeners = new Set<() => void>();

export function setLiveness(next: Liveness): void {
  if (next === current) return;
  current = next;
  for (const tell of listeners) tell();
}

export function isLive(): boolean {
  return current === 'live';
}

export function useLiveness(): Liveness {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => current,
  );
}

/** How often a query asks by itself: never while the stream tells what changes, else this often, ms. */
export function usePollWithoutStream(ms: number): number | false {
  return useLiveness() === 'live' ? false : ms;
}
