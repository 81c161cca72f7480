/** UTC without zone and fraction: `2015-11-09T15:21:06`. */
export function isoSecond(time: Date): string {
  return time.toISOString().slice(0, 19);
}

const DAY_MS = 86_400_000;
const TWO_DIGITS = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, '0'));
let lastDay = Number.NaN;
let lastDate = '';

/** `isoSecond` of milliseconds, for lists of millions, which mostly are of one day after the other. */
export function isoSecondOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  if (day !== lastDay) {
    lastDay = day;
    lastDate = new Date(day * DAY_MS).toISOString().slice(0, 11);
  }
  const second = Math.floor((ms - day * DAY_MS) / 1000);
  const minute = Math.floor(second / 60);
  return `${lastDate}${TWO_DIGITS[Math.floor(minute / 60)]}:${TWO_DIGITS[minute % 60]}:${TWO_DIGITS[second % 60]}`;
}
