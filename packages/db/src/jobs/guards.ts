/**
 * Conditions without which a job would run twice or be forgotten, by name. They stand here so that the chaos run can be
 * shown to see it when one of them is missing.
 */
export const GUARDS: Record<'fencing' | 'resend', string> = {
  /** A beat prolongs the lease of its own attempt, in the hands of its own worker. */
  fencing: 'l.attempt = b.attempt and l.worker = :worker',
  /** A ticket that was out for so long without a claim may be lost. */
  resend: "state = 'admitted' and admitted_at < now() - :olderThanMs * interval '1 ms'",
};
