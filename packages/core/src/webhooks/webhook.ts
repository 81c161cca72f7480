/** A receiver of events, as people set it up. */
export interface WebhookPlan {
  url: string;
  description: string;
  /** Types of events; empty: all. */
  types: string[];
  /** Names of spiders; empty: all, and events that are of no job. */
  spiders: string[];
  /** Jobs that carry at least one of these; empty: all. */
  hasTag: string[];
}

export interface Webhook extends WebhookPlan {
  id: number;
  project: number;
  /** Since when nothing is sent any more; null while it is in use. */
  disabledAt: Date | null;
  /** Why, in words for people. */
  disabledWhy: string | null;
  /** Since when every try has failed; null when the last one did not. */
  failingSince: Date | null;
  createdBy: string;
  createdAt: Date;
}

/** What is known of a message and one of its receivers. */
export type DeliveryState = 'waiting' | 'delivered' | 'failed';
export const DELIVERY_STATES: readonly DeliveryState[] = ['waiting', 'delivered', 'failed'];

export interface Delivery {
  /** What receivers get as `webhook-id`, the same at each try. */
  message: string;
  type: string;
  state: DeliveryState;
  tries: number;
  createdAt: Date;
  /** When it is tried next; null when it is not. */
  nextAt: Date | null;
  /** When it was tried last. */
  triedAt: Date | null;
  /** Of the last answer; null when there was none. */
  status: number | null;
  /** Why the last try failed, in words for people. */
  error: string | null;
  /** How long the last try took, ms. */
  durationMs: number | null;
  /** The beginning of the last answer. */
  answer: string | null;
}

/** What one try came to. */
export interface Attempted {
  status: number | null;
  error: string | null;
  durationMs: number;
  answer: string | null;
  /** What the receiver asked to wait, ms; null when it did not say. */
  retryAfterMs: number | null;
}

/** What follows from a try. */
export type Verdict =
  | { state: 'delivered' }
  | { state: 'failed'; gone: boolean }
  | { state: 'waiting'; afterMs: number };

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Pauses between tries, ms: two days in all. */
const STEPS_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
];
/** Receivers that fail together are not tried again together. */
const SPREAD = 0.2;
/** Nobody waits longer because a receiver says so, ms. */
const MAX_RETRY_AFTER_MS = 24 * HOUR_MS;

/** After so long of nothing but failures an endpoint is disabled, ms. */
export const FAILING_MS = 5 * 24 * HOUR_MS;

/** How long to wait after so many tries, ms; null: no longer. `random`: 0 to 1. */
export function pauseMs(tries: number, random = Math.random()): number | null {
  const step = STEPS_MS[tries - 1];
  return step === undefined ? null : step * (1 + SPREAD * (2 * random - 1));
}

/**
 * What becomes of a message after a try. `tries`: how many there were, this one included. `random`: 0 to 1. What a
 * receiver asks for with 429 or 503 is obeyed, but never so that it comes sooner.
 */
export function judge({ status, retryAfterMs }: Attempted, tries: number, random = Math.random()): Verdict {
  if (status !== null && status >= 200 && status < 300) return { state: 'delivered' };
  if (status === 410) return { state: 'failed', gone: true };
  const pause = pauseMs(tries, random);
  if (pause === null) return { state: 'failed', gone: false };
  const asked = status === 429 || status === 503 ? Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS) : 0;
  return { state: 'waiting', afterMs: Math.max(asked, pause) };
}

/** Reads `Retry-After`: seconds, or a date. Null for anything else. */
export function retryAfter(text: string | undefined, now: Date): number | null {
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text) * SECOND_MS;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now.getTime());
}
