import { useSyncExternalStore } from 'react';

/** How fresh what is shown is. */
export type Liveness = 'live' | 'catching up' | 'paused' | 'off';

let current: Liveness = 'live';
const listeners = new Set<() => void>();

export function setLiveness(next: Liveness): void {
  if (next === current) return;
  current = next;
  for (const tell of listeners) tell();
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
