const NUMBER = new Intl.NumberFormat('en');
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 19476 as `19,476`; nothing as a dash. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : NUMBER.format(value);
}

/** 19476 as `19.5K`. */
export function shortCount(value: number): string {
  return SHORT.format(value);
}

/** With a thousand bytes to the kilobyte. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  let unit = 0;
  let size = value;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${size >= 100 || unit === 0 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

/** 74000 as `1m 14s`: the two largest parts. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '–';
  if (ms < SECOND) return ms < 0 ? '0s' : `${Math.round(ms)} ms`;
  const parts: [number, string][] = [
    [Math.floor(ms / DAY), 'd'],
    [Math.floor((ms % DAY) / HOUR), 'h'],
    [Math.floor((ms % HOUR) / MINUTE), 'm'],
    [Math.floor((ms % MINUTE) / SECOND), 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  return parts
    .slice(first, first + 2)
    .filter(([value], i) => i === 0 || value > 0)
    .map(([value, unit]) => `${value}${unit}`)
    .join(' ');
}

/** `just now`, `5 min ago`, `in 3 h`; null when a date says more. */
export function distance(at: number, now: number): string | null {
  const away = Math.abs(now - at);
  if (away >= DAY) return null;
  const text =
    away < 10 * SECOND
      ? 'just now'
      : away < MINUTE
        ? `${Math.floor(away / SECOND)} s`
        : away < HOUR
          ? `${Math.floor(away / MINUTE)} min`
          : `${Math.floor(away / HOUR)} h`;
  if (text === 'just now') return text;
  return at > now ? `in ${text}` : `${text} ago`;
}

/** Whose clock times are shown by. */
export type Zone = 'mine' | 'utc';
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`;
  const known = formats.get(key);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', { ...options, ...(zone === 'utc' && { timeZone: 'UTC' }) });
  formats.set(key, made);
  return made;
}

/** `30 Nov 2026, 06:30:12 CET` */
export function exactTime(at: number, zone: Zone): string {
  return formatOf(zone, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  }).format(at);
}

/** `30 Nov, 06:30` */
export function shortTime(at: number, zone: Zone): string {
  return formatOf(zone, { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' }).format(at);
}

/** `06:30:12.345`, for logs. */
export function clockTime(at: number, zone: Zone): string {
  return formatOf(zone, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  }).format(at);
}

/** A share as `34 %`, without calling something nothing or everything that is not. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1 %';
  if (share < 1 && share > 0.99) return '>99 %';
  return `${Math.round(share * 100)} %`;
}

/** One of something or many. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
