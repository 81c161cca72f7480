/** How a finished job ended, for lists that count: one of few, whatever words its close reason has. */
export type OutcomeKind = 'ok' | 'failed' | 'cancelled';

/** Close reasons of runs that did what they were meant to, limits of the spider's own settings included. */
export const OK_REASONS = [
  'finished',
  'closespider_itemcount',
  'closespider_pagecount',
  'closespider_pagecount_no_item',
  'closespider_timeout',
  'closespider_timeout_no_item',
] as const;

/** Somebody wanted it to end. A limit that ended it is a failure: somebody has to look at that. */
export const CANCELLED_REASONS = ['cancelled', 'cancel_timeout'] as const;

/** Null for a job that is not finished. One that an outside worker finished without a word counts as good. */
export function outcomeKind(state: string, closeReason: string | null): OutcomeKind | null {
  if (state !== 'finished') return null;
  if (closeReason === null || (OK_REASONS as readonly string[]).includes(closeReason)) return 'ok';
  return (CANCELLED_REASONS as readonly string[]).includes(closeReason) ? 'cancelled' : 'failed';
}
