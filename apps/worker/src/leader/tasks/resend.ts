import type { DispatchStore, Ticket } from '@spiderhub/core';
import type { LeaderTask } from '../task.ts';

/** An admitted attempt that nobody claimed for this long gets its ticket again, ms. */
const RESEND_AFTER_MS = 2000;

/** Sends tickets again that Redis may have lost. */
export function resend(dispatch: DispatchStore, send: (tickets: Ticket[]) => Promise<void>): LeaderTask {
  return {
    name: 'resend',
    everyMs: 1000,
    run: async () => send(await dispatch.unclaimed(RESEND_AFTER_MS)),
  };
}
