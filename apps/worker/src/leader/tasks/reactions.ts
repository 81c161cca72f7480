import {
  type DeliveryStore,
  digestOf,
  lookedAt,
  type NoticeStore,
  type PendingWatch,
  type ReactionStore,
  reactTo,
} from '@spiderhub/core';
import type { LeaderTask } from '../task.ts';
import { type Chore, removing } from './chores.ts';

const LOOK_MS = 300;
/** Events that one transaction looks at. */
const BATCH = 500;
const MINUTE_MS = 60_000;
const KEPT_MS = 30 * 24 * 60 * MINUTE_MS;
const ROWS = 500;
const SILENCE_MS = 5000;

export interface ReactionParts {
  reactions: ReactionStore;
  /** Which limits on waiting jobs hold for jobs of rules. */
  pending?: PendingWatch;
  deliveries: DeliveryStore;
  notices: NoticeStore;
  /** There is something to send. */
  onDeliveries: () => void;
  /** Something became pending. */
  onScheduled: () => void;
}

/** Makes of what happened what is to be sent to whom. */
export function react({ reactions, pending, onDeliveries, onScheduled }: ReactionParts): LeaderTask {
  return {
    name: 'reactions',
    everyMs: LOOK_MS,
    async run() {
      for (let more = true; more; ) {
        const done = await reactions.react(BATCH, reactTo, pending);
        if (done.deliveries > 0) onDeliveries();
        if (done.scheduled > 0) onScheduled();
        more = done.more;
      }
    },
  };
}

/** Alerts that were too many become one message an hour. */
export function digest({ reactions, onDeliveries }: ReactionParts): Chore {
  return {
    name: 'send digests of alerts',
    idleMs: MINUTE_MS,
    async run() {
      const done = await reactions.digest(60 * MINUTE_MS, ROWS, digestOf);
      if (done > 0) onDeliveries();
      return { done, more: done >= ROWS };
    },
  };
}

/** Who does not run for as long as a rule says is told of. */
export function lookForSilence({ reactions, onDeliveries }: ReactionParts): Chore {
  return {
    name: 'look for what does not run',
    idleMs: SILENCE_MS,
    async run() {
      const { told, more } = await reactions.lookAround(ROWS, lookedAt);
      if (told > 0) onDeliveries();
      return { done: told, more };
    },
  };
}

/** What was sent long ago is forgotten. */
export function forgetSent({ deliveries, notices }: ReactionParts): Chore[] {
  return [
    removing('remove old deliveries', 10 * MINUTE_MS, () => deliveries.removeOld(KEPT_MS, ROWS), ROWS),
    removing('remove old notices', 10 * MINUTE_MS, () => notices.removeOld(KEPT_MS, ROWS), ROWS),
  ];
}
