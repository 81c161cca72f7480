const MINUTE_MS = 60_000;
const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  formats.set(zone, made);
  return made;
}

/** Whether this browser knows a time zone by that name. */
export function isZone(zone: string): boolean {
  try {
    partsOf(zone);
    return zone !== '';
  } catch {
    return false;
  }
}

/** The zones that a browser knows by name, `UTC` first. */
export function zoneNames(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC')];
}

/** The zone of whoever looks. */
export const zoneOfViewer = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

interface Clock {
  /** `Sun 29 Mar 2026` */
  date: string;
  /** `03:00` */
  time: string;
  /** The second, where it is not 0: `:30`. */
  second: string;
}

/** What a clock and a calendar in a zone show at a moment. */
export function clockIn(at: number, zone: string): Clock {
  const part = partNames(at, zone);
  const { weekday, day, month, year, hour, minute, second } = part;
  return {
    date: `${weekday} ${day} ${month} ${year}`,
    time: `${hour}:${minute}`,
    second: second === '00' ? '' : `:${second}`,
  };
}

function partNames(at: number, zone: string): Record<string, string> {
  return Object.fromEntries(
    partsOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, value]),
  );
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'];

/** How far clocks of a zone are ahead of UTC at a moment, minutes. */
export function offsetMinutes(at: number, zone: string): number {
  const { year, month = '', day, hour, minute, second } = partNames(at, zone);
  const shown = Date.UTC(
    Number(year),
    MONTHS.findIndex((name) => name.startsWith(month.slice(0, 3))),
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  return Math.round((shown - Math.floor(at / 1000) * 1000) / MINUTE_MS);
}

/** 330 as `+05:30`. */
export function offsetText(minutes: number): string {
  const away = Math.abs(minutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${minutes < 0 ? '−' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
}

export interface ClockChange {
  at: number;
  /** Minutes ahead of UTC, before and after. */
  from: number;
  to: number;
}

/**
 * When clocks of a zone were changed between two moments, to the minute; null when they stand as they stood. Of several
 * changes one.
 */
export function changeBetween(before: number, after: number, zone: string): ClockChange | null {
  const from = offsetMinutes(before, zone);
  const to = offsetMinutes(after, zone);
  if (from === to) return null;
  let low = before;
  let high = after;
  while (high - low > MINUTE_MS) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMinutes(middle, zone) === from) low = middle;
    else high = middle;
  }
  return { at: Math.floor(high / MINUTE_MS) * MINUTE_MS, from, to };
}

/** The moment that a field for date and time means in a zone, ISO 8601; null for what is none. */
export function momentOf(wall: string, zone: string): string | null {
  const shown = Date.parse(`${wall}Z`);
  if (wall === '' || Number.isNaN(shown) || !isZone(zone)) return null;
  // The second look is for moments near a change of clocks.
  const first = shown - offsetMinutes(shown, zone) * MINUTE_MS;
  const at = shown - offsetMinutes(first, zone) * MINUTE_MS;
  return new Date(at).toISOString();
}

/** A moment as a field for date and time shows it: `2026-03-29T03:00`, with seconds where there are some. */
export function wallOf(moment: string | null, zone: string): string {
  if (moment === null) return '';
  const at = Date.parse(moment);
  const text = new Date(at + offsetMinutes(at, zone) * MINUTE_MS).toISOString();
  return text.slice(17, 19) === '00' ? text.slice(0, 16) : text.slice(0, 19);
}
