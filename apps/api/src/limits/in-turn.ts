import type { Turn } from '@spiderhub/core';
import type { JobsRange } from '@spiderhub/core/scrapyd';

/** Reads when it is the turn of the organisation of whose projects it reads. */
export async function* inTurn<T>(
  turn: Turn,
  { projects }: JobsRange,
  read: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  const leave = await turn.enter(projects[0] ?? 0);
  try {
    yield* read();
  } finally {
    leave();
  }
}
