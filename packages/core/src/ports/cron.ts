/** Knows calendars. All times are instants; a zone is an IANA name. */
export interface Cron {
  /**
   * The expression and the zone as they are kept: five fields separated by single blanks (or an ISO 8601 time for a
   * single run), the zone in its usual spelling. Throws `invalid` that names `cron` or `timezone`, also for an
   * expression that never comes true.
   */
  checked(cron: string, timezone: string): { cron: string; timezone: string };
  /** The first planned time after an instant; null when there is none any more. */
  next(cron: string, timezone: string, after: Date): Date | null;
  /** Which rules of time zones these answers are from: a text that changes with them. */
  zoneRules: string;
}
