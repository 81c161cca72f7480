const AGO = /^(\d{1,6})\s*(m|h|d|w)$/i;
const UNIT_MS: Record<string, number> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A moment as people write it: so long ago (`7d`, `12h`), a day (its beginning in UTC), or ISO 8601. Null for anything
 * else, and for days that no calendar has.
 */
export function readMoment(text: string, now: Date): Date | null {
  const [, count, unit] = AGO.exec(text) ?? [];
  if (unit !== undefined)
    return notBefore1970(now.getTime() - Number(count) * (UNIT_MS[unit.toLowerCase()] ?? 0));
  if (!DATE.test(text)) return null;
  // Without a zone it is UTC, as everything here is.
  const moment = new Date(/T/.test(text) && !/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? `${text}Z` : text);
  return Number.isNaN(moment.getTime()) ? null : notBefore1970(moment.getTime());
}

/** Nothing here is older, and dates long before Christ are none for PostgreSQL. */
function notBefore1970(ms: number): Date {
  return new Date(Math.max(0, ms));
}
