/** The zone in which Scrapyd's pages, listings and logs tell the time: that of this process. */
export const LOCAL_TIME_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}

/** `2026-11-21 07:44` in local time. */
export function localMinute(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** `2026-11-21 07:44:29` in local time. */
export function localSecond(date: Date): string {
  return `${localMinute(date)}:${two(date.getSeconds())}`;
}

const DAY_S = 86_400;

/** A length of time as Python prints it: `0:00:05`, `1 day, 2:03:04`. */
export function pythonDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const days = Math.floor(seconds / DAY_S);
  const rest = seconds % DAY_S;
  const clock = `${Math.floor(rest / 3600)}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
  if (days === 0) return clock;
  return `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}
