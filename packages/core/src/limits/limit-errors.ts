import { DomainError } from '../errors.ts';
import { LIMIT_WORDS, type LimitName } from './service-limits.ts';

/** Whom a limit is set for. */
export type LimitedPlace =
  | { project: number }
  | { organisation: number }
  | { job: string }
  | { caller: string };

export const limitErrors = {
  /** Too many requests: the same one is fine a little later. */
  tooFast: (place: LimitedPlace, perSecond: number, retryAfterSeconds: number) =>
    new DomainError(
      'exhausted',
      'too_many_requests',
      `Too many requests: ${wordsOf(place)} may send ${perSecond} a second, try again in ${retryAfterSeconds} s`,
      { details: { ...place, retryAfterSeconds } },
    ),
  /** There is as much as there may be: waiting alone does not help. */
  reached: (name: LimitName, place: LimitedPlace, limit: number) =>
    new DomainError(
      'forbidden',
      'limit_reached',
      `${name}: ${wordsOf(place)} has reached its limit of ${limit} ${LIMIT_WORDS[name]}`,
      { details: { ...place, limit: name } },
    ),
  /** One thing is larger than it may be. */
  tooLarge: (field: string, name: LimitName, limit: number) =>
    new DomainError('too_large', 'limit_exceeded', `${field}: more than ${limit} ${LIMIT_WORDS[name]}`, {
      details: { limit: name },
    }),
};

function wordsOf(place: LimitedPlace): string {
  if ('project' in place) return `project ${place.project}`;
  if ('job' in place) return `job ${place.job}`;
  return 'organisation' in place ? `organisation ${place.organisation}` : place.caller;
}
