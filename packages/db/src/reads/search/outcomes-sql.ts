import { CANCELLED_REASONS, OK_REASONS } from '@spiderhub/core';

const list = (reasons: readonly string[]) => reasons.map((reason) => `'${reason}'`).join(', ');

/**
 * Finished jobs that failed. The index `jobs_failed` has the same words in the same order: only then does Postgres see
 * that it is meant.
 */
export const FAILED = `j.close_reason not in (${list([...OK_REASONS, ...CANCELLED_REASONS])})`;
export const CANCELLED = `j.close_reason in (${list(CANCELLED_REASONS)})`;
/** An outside worker may finish a job without a word. */
export const OK = `coalesce(j.close_reason, 'finished') in (${list(OK_REASONS)})`;

export const OF_OUTCOME = { failed: FAILED, cancelled: CANCELLED, ok: OK };
