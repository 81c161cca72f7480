import { setTimeout as pause } from 'node:timers/promises';
import { DomainError } from '@spiderhub/core';

const PAUSE_MS = 250;

/**
 * Does something with the storage as soon as that is there: it may be away for a while, as Postgres is when it changes over.
 * Throws what else goes wrong, and that it is away once `isOver` says that nobody waits any more.
 */
export async function whenThere<T>(act: () => Promise<T>, isOver: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (isOver() || !(error instanceof DomainError && error.kind === 'unavailable')) throw error;
      await pause(PAUSE_MS);
    }
  }
}
