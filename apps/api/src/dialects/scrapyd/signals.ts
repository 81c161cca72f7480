import { DomainError, type StopLevel } from '@spiderhub/core';
import { PythonError } from './wire/python-text.ts';

const NUMBERS: Record<string, number> = { HUP: 1, INT: 2, KILL: 9, STOP: 19, TERM: 15 };
/** Scrapy ends politely on the first of these and at once on the second. */
const POLITE = new Set([2, 15]);
/** No process ends by these, if it does not listen for them. */
const HARMLESS = new Set([0, 17, 18, 23, 28]);
/** A process that is stopped keeps its slot and its lease for ever. */
const FREEZING = new Set([19, 20, 21, 22]);
const LAST_SIGNAL = 64;

/**
 * How hard a signal asks a crawl to end. Its process may run on another machine, so that it is its worker who acts.
 * Throws as Scrapyd does for what is no signal.
 */
export function stopLevelOf(signal: string): StopLevel {
  const number = /^\d+$/.test(signal) ? Number(signal) : NUMBERS[signal];
  if (number === undefined) {
    throw new PythonError('TypeError', "'str' object cannot be interpreted as an integer");
  }
  if (number > LAST_SIGNAL) throw new PythonError('OSError', '[Errno 22] Invalid argument');
  if (FREEZING.has(number)) {
    throw new DomainError(
      'invalid',
      'signal_refused',
      `signal ${signal} is not supported: it would freeze the job`,
    );
  }
  if (HARMLESS.has(number)) return 0;
  return POLITE.has(number) ? 1 : 3;
}
