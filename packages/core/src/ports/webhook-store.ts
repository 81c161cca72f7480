import type { Actor } from '../access/actor.ts';
import type { Ceiling } from '../limits/pending.ts';
import type { Sealed } from '../secrets/sealing.ts';
import type { Message } from '../webhooks/message.ts';
import type {
  Attempted,
  Delivery,
  DeliveryState,
  Verdict,
  Webhook,
  WebhookPlan,
} from '../webhooks/webhook.ts';

/** Something to send now: nobody else sends it until the lease is over. */
export interface DueDelivery {
  endpoint: number;
  project: number;
  url: string;
  message: string;
  body: string;
  /** This one included; names the try when its end is told. */
  tries: number;
  /** Whether every try of its endpoint has failed for some seconds. */
  isFailing: boolean;
  /** All that are in use, the newest first. */
  secrets: Sealed[];
}

export interface TriedDelivery {
  endpoint: number;
  message: string;
  tries: number;
  attempted: Attempted;
  verdict: Verdict;
}

/** Which deliveries are meant. */
export interface DeliverySelection {
  /** One message. */
  message?: string | undefined;
  since?: Date | undefined;
  until?: Date | undefined;
  states?: readonly DeliveryState[] | undefined;
}

/** Receivers of events, and what was sent to them. */
export interface WebhookStore {
  list(project: number): Promise<Webhook[]>;
  find(project: number, id: number): Promise<Webhook | null>;
  /** A number for a new one: its secret is sealed for it. */
  nextId(): Promise<number>;
  /**
   * Null when secrets are sealed with another key by now: seal it anew. Throws `conflict` when a
   * project has too many, and what `reached` says when as many are there as its organisation may have.
   */
  create(
    actor: Actor,
    webhook: WebhookPlan & { id: number; project: number },
    secret: Sealed,
    most: number,
    ceiling?: Ceiling,
  ): Promise<Webhook | null>;
  /** `isDisabled`: by people. Enabling forgets failures of before. Null when there is none. */
  change(
    actor: Actor,
    project: number,
    id: number,
    change: Partial<WebhookPlan> & { isDisabled?: boolean },
  ): Promise<Webhook | null>;
  remove(actor: Actor, project: number, id: number): Promise<boolean>;
  /** The old secret signs beside the new one for so long, ms. Null as `create`; false when there is no such webhook. */
  rotate(actor: Actor, project: number, id: number, secret: Sealed, oldMs: number): Promise<boolean | null>;
  /** Makes a message for this endpoint alone, as a test. False when there is none. */
  add(actor: Actor, project: number, id: number, message: Message): Promise<boolean>;
  /** The newest first, made before a moment. */
  deliveries(
    project: number,
    id: number,
    page: { states?: readonly DeliveryState[] | undefined; before: Date | null; limit: number },
  ): Promise<Delivery[]>;
  /** Sends again with the same id, as if never tried. Returns how many. */
  replay(actor: Actor, project: number, id: number, selection: DeliverySelection): Promise<number>;
}

/** The other side of it: what is to be sent, by whoever asks first. */
export interface DeliveryStore {
  /**
   * Up to `limit`, of which up to `failing` are to endpoints of which every try has failed for some seconds, one of each at a time. Of
   * the others at most `each` of one endpoint at a time, and of all at most `tenant` of one organisation; who has fewest under way comes
   * first. They are the caller's for `leaseMs`.
   */
  claim(how: {
    limit: number;
    failing: number;
    each: number;
    tenant: number;
    leaseMs: number;
  }): Promise<DueDelivery[]>;
  /**
   * Notes what tries came to, in one statement. What was replayed or claimed by somebody else meanwhile stays as it is. An
   * endpoint that is gone, or has failed for `failingMs`, is disabled, and the event log tells of it.
   */
  settle(tried: readonly TriedDelivery[], failingMs: number): Promise<void>;
  /** Removes what was made so long ago, ms, up to `limit`. */
  removeOld(ageMs: number, limit: number): Promise<number>;
}
