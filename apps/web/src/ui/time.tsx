import { useEffect, useState } from 'react';
import { distance, duration, exactTime, shortTime } from '../lib/format.ts';
import { usePreferences } from '../lib/preferences.ts';

const TICK_MS = 1000;
const ticking = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time now, anew each second while somebody looks; one timer for the page. */
export function useNow(isMoving = true): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isMoving) return;
    const tell = () => setNow(Date.now());
    ticking.add(tell);
    timer ??= setInterval(() => {
      if (!document.hidden) for (const each of ticking) each();
    }, TICK_MS);
    return () => {
      ticking.delete(tell);
      if (ticking.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, [isMoving]);
  return now;
}

/** A moment: how far away when that is less than a day, else its date; the exact one as its title. */
export function Ago({ at, fallback = '–' }: { at: string | null | undefined; fallback?: string }) {
  const { zone } = usePreferences();
  const now = useNow(Boolean(at));
  if (!at) return <span className="dim">{fallback}</span>;
  const moment = Date.parse(at);
  return (
    <time dateTime={at} title={exactTime(moment, zone)}>
      {distance(moment, now) ?? shortTime(moment, zone)}
    </time>
  );
}

/** A moment as clock and date. */
export function At({ at }: { at: string | null | undefined }) {
  const { zone } = usePreferences();
  if (!at) return <span className="dim">–</span>;
  const moment = Date.parse(at);
  return (
    <time dateTime={at} title={at}>
      {exactTime(moment, zone)}
    </time>
  );
}

/** How long something took, or takes by now. */
export function Lasting({ from, to }: { from: string | null; to: string | null }) {
  const now = useNow(from !== null && to === null);
  if (from === null) return <span className="dim">–</span>;
  return <>{duration((to === null ? now : Date.parse(to)) - Date.parse(from))}</>;
}
