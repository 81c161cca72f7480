/** Ends of finished jobs that a search takes for states. */
export const OUTCOME_WORDS = ['failed', 'ok', 'cancelled'] as const;
export const STATE_WORDS = ['pending', 'running', 'finished', 'deleted', ...OUTCOME_WORDS] as const;
export type StateWord = (typeof STATE_WORDS)[number];
