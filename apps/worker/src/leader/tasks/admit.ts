import type { DispatchStore, Ticket } from '@spiderhub/core';
import type { LeaderTask } from '../task.ts';

/** Longest wait between two looks at the queue when no hint comes, ms. */
const POLL_MS = 200;

/** Lets waiting jobs into the free slots. */
export function admit(dispatch: DispatchStore, send: (tickets: Ticket[]) => Promise<void>): LeaderTask {
  return {
    name: 'admit',
    everyMs: POLL_MS,
    wakes: true,
    run: async (term) => send(await dispatch.admit(term)),
  };
}
