import type { DispatchStore, LostAttempt, Ticket, TicketSender } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import { within } from '../within.ts';
import type { LeaderTask } from './task.ts';
import { admit } from './tasks/admit.ts';
import { type Chore, doChores } from './tasks/chores.ts';
import { foldCounts } from './tasks/fold-counts.ts';
import { firePeriodicJobs, type PeriodicParts } from './tasks/periodic.ts';
import { type ReactionParts, react } from './tasks/reactions.ts';
import { reap } from './tasks/reap.ts';
import { resend } from './tasks/resend.ts';

/** How long Redis may take, ms: admitting must not wait for it. */
const SEND_MS = 3000;

export interface TaskParts {
  dispatch: DispatchStore;
  tickets: TicketSender;
  recount: (ended: LostAttempt) => Promise<void>;
  periodic: PeriodicParts;
  reactions: ReactionParts;
  chores: readonly Chore[];
  /** A chore of which one piece may take minutes. */
  measuring: Chore;
  log: Logger;
}

/** Everything that the leader does. */
export function leaderTasks({
  dispatch,
  tickets,
  recount,
  periodic,
  reactions,
  chores,
  measuring,
  log,
}: TaskParts): LeaderTask[] {
  /** A ticket that did not get through in time is sent again as one that nobody claimed. */
  const send = (list: Ticket[]) => within(AbortSignal.timeout(SEND_MS), tickets.send(list));
  return [
    admit(dispatch, send),
    resend(dispatch, send),
    reap({ dispatch, recount, log }),
    foldCounts(dispatch),
    firePeriodicJobs(periodic),
    react(reactions),
    doChores({ chores, log }),
    // By itself: nothing else is to wait for it.
    doChores({ chores: [measuring], log }),
  ];
}
