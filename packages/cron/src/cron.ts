import { type Cron, requestErrors } from '@spiderhub/core';
import { Cron as Croner } from 'croner';
import { LRUCache } from 'lru-cache';

/** Reading an expression costs more than asking it; thousands of periodic jobs share few of them. */
const MAX_READ = 2000;
/** Longest expression, characters: lists of minutes are long, and nothing else is. */
const MAX_LENGTH = 500;
const NICKNAME = /^@(yearly|annually|monthly|weekly|daily|midnight|hourly)$/i;
/** A single run: a date and a time, in the zone of the plan or with its own. */
const ONE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * Calendars by croner. Its rule, which is cron's of old: an hour and a minute that are given as single values run once
 * a day, whatever the clock does; everything else follows the wall clock.
 */
export function createCron(): Cron {
  const read = new LRUCache<string, Croner>({ max: MAX_READ });

  function patternOf(cron: string, timezone: string): Croner {
    const name = `${timezone} ${cron}`;
    const known = read.get(name);
    if (known) return known;
    const text = ONE_TIME.test(cron) && /[+-]\d\d:\d\d$/.test(cron) ? new Date(cron).toISOString() : cron;
    const pattern = new Croner(text, { mode: '5-part', timezone, paused: true });
    read.set(name, pattern);
    return pattern;
  }

  const next = (cron: string, timezone: string, after: Date) => patternOf(cron, timezone).nextRun(after);

  return {
    next,
    checked(text, zone) {
      const timezone = checkedZone(zone);
      const cron = checkedText(text);
      let first: Date | null;
      try {
        first = next(cron, timezone, ONE_TIME.test(cron) ? new Date(0) : new Date());
      } catch (error) {
        throw requestErrors.invalid('cron', wordsOf(error));
      }
      if (!first) throw requestErrors.invalid('cron', `${cron} never comes true`);
      return { cron, timezone };
    },
    zoneRules: process.versions.tz ?? process.version,
  };
}

function checkedText(text: string): string {
  const cron = text.trim().replace(/[ \t]+/g, ' ');
  if (cron.length > MAX_LENGTH)
    throw requestErrors.invalid('cron', `is longer than ${MAX_LENGTH} characters`);
  if (ONE_TIME.test(cron)) return checkedTime(cron);
  if (!NICKNAME.test(cron) && cron.split(' ').length !== 5)
    throw requestErrors.invalid(
      'cron',
      'Expected 5 space-separated fields: minute, hour, day of the month, month, day of the week',
    );
  return cron;
}

function checkedTime(time: string): string {
  const [, month, day] = time.split(/[-T]/).map(Number);
  const date = new Date(`${time.slice(0, 10)}T00:00Z`);
  if (Number.isNaN(Date.parse(time)) || date.getUTCMonth() + 1 !== month || date.getUTCDate() !== day)
    throw requestErrors.invalid('cron', `${time} is no time`);
  return time;
}

/** The zone in its usual spelling. An empty name would be the zone of the machine, and an offset has no rules. */
function checkedZone(zone: string): string {
  const unknown = () =>
    requestErrors.invalid('timezone', `${JSON.stringify(zone.slice(0, 100))} is no IANA time zone`);
  if (!/^[A-Za-z]/.test(zone)) throw unknown();
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    throw unknown();
  }
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/^Cron\w*: /, '');
}
