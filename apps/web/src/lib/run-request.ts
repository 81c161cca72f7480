import { useSyncExternalStore } from 'react';

/** What the dialog that starts jobs is opened with. */
export interface RunRequest {
  project: number;
  spider?: string;
  /** A job that is to run again, as it was: its key. */
  again?: string;
}

let wanted: RunRequest | null = null;
const listeners = new Set<() => void>();

/** Opens the run dialog from anywhere; null closes it. */
export function askToRun(request: RunRequest | null): void {
  wanted = request;
  for (const tell of listeners) tell();
}

export function useRunRequest(): RunRequest | null {
  return useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => wanted,
  );
}
