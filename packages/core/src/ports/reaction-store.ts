import type { LoggedEvent } from '../events/events.ts';
import type { Job } from '../jobs/job.ts';
import type { PendingWatch } from '../limits/pending.ts';
import type { Notice } from '../notices/notice.ts';
import type { Firing, Told } from '../rules/fire.ts';
import type { Rule } from '../rules/rule.ts';
import type { LastRun, Looked, Watch } from '../rules/silence.ts';
import type { Message } from '../webhooks/message.ts';
import type { Webhook } from '../webhooks/webhook.ts';

/** Events with what is known of their jobs at this moment, and who may want to hear of them. */
export interface ReactionBatch {
  events: { event: LoggedEvent; job: Job | null }[];
  webhooks: Webhook[];
  rules: Rule[];
}

/** What follows from a batch. */
export interface Reactions {
  messages: { message: Message; project: number; webhooks: number[] }[];
  /** What rules ask for, in the order of the events. */
  firings: Firing[];
  /** For those who administer a project. */
  notices: { id: string; project: number; notice: Notice }[];
}

/** What of it was done. */
export interface Reacted {
  /** Events that were looked at. */
  events: number;
  /** Messages for single receivers that are new. */
  deliveries: number;
  /** Jobs that were made. */
  scheduled: number;
  /** There may be more to look at. */
  more: boolean;
}

export interface ReactionStore {
  /**
   * Reads the event log on from where the last call ended and stores what `react` makes of it, in one transaction: each event
   * is looked at once, whoever dies in between. The first call ever begins at the end of the log, and so does the first one in
   * a database that was restored. `react` must not wait for anything. Jobs for which `pending` sees no place are
   * refused.
   */
  react(limit: number, react: (batch: ReactionBatch) => Reactions, pending?: PendingWatch): Promise<Reacted>;
  /**
   * Makes one message of what a rule has held back for so long, ms, for up to `limit` rules. Returns how many rules that
   * was.
   */
  digest(
    afterMs: number,
    limit: number,
    write: (rule: Rule, sources: readonly string[], count: number) => Told,
  ): Promise<number>;
  /**
   * Looks at up to `limit` watches of rules that it is time for, and tells what `look` says, in one transaction. `more`: there
   * may be others. `look` must not wait for anything.
   */
  lookAround(
    limit: number,
    look: (watch: Watch, run: LastRun | null, now: Date) => Looked,
  ): Promise<{ told: number; more: boolean }>;
}
