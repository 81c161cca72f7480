import { useSyncExternalStore } from 'react';
import type { StreamName, TailFact } from '../../api/events.ts';

const tails = new Map<string, TailFact>();
const listeners = new Set<() => void>();
const nameOf = (key: string, stream: StreamName) => `${key} ${stream}`;

export function rememberTail(tail: TailFact): void {
  tails.set(nameOf(tail.key, tail.stream), tail);
  for (const tell of listeners) tell();
}

/** What was told of a job that nobody watches any more. */
export function forgetTails(key: string): void {
  for (const stream of ['logs', 'items', 'requests'] as const) tails.delete(nameOf(key, stream));
}

/** How many records a stream of a watched job has in an attempt, as far as the stream has told; 0 when it has not. */
export function useTail(key: string, stream: StreamName, attempt: number): number {
  const tail = useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => tails.get(nameOf(key, stream)),
  );
  return tail?.attempt === attempt ? tail.end : 0;
}
