import { DomainError, requestErrors, serviceErrors } from '@spiderhub/core';

/**
 * SQLSTATE classes and socket errors that mean "the database is away for everyone"; 25006: this one is no primary; 53100 and
 * 58030: its disk is full, or fails.
 */
const AWAY = /^(08|57P0|53100|53300|58030|25006|ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)/;

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** True when the database itself is not reachable (as opposed to a statement that failed). */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof DomainError) return error.kind === 'unavailable';
  const message = error instanceof Error ? error.message : '';
  return (
    AWAY.test(codeOf(error)) ||
    /Connection terminated|timeout exceeded when trying to connect|Timeout acquiring a connection/.test(
      message,
    )
  );
}

/** Refused, not timed out: nobody can write to the database at this moment, the reaper included. */
function isDatabaseDown(error: unknown): boolean {
  return /^(57P0[123]|ECONNREFUSED|ENOENT)/.test(codeOf(error));
}

/** Turns what Postgres says into the core's words; anything else stays a bug. */
export function fromPostgres(error: unknown): unknown {
  if (error instanceof DomainError) return error;
  if (isDatabaseAway(error)) return serviceErrors.unavailable('the database', error, isDatabaseDown(error));
  switch (codeOf(error)) {
    case '22021': // a NUL or an invalid byte sequence in a text value
    case '22P02':
    case '22P05':
      return requestErrors.invalid('request', 'text with a NUL or an unpaired surrogate cannot be stored');
    case '54000':
      return requestErrors.invalid('request', 'a key or a name is too long');
    case '22003':
      return requestErrors.invalid('request', 'a number is out of range');
    case '22008':
      return requestErrors.invalid('request', 'a date is out of range');
    case '57014': // the statement took longer than its pool allows, or an administrator ended it
      return serviceErrors.unavailable('the database', error);
    default:
      return error;
  }
}

/** Wraps every method of a store, so that callers only ever see the core's errors. */
export function translated<T extends object>(store: T): T {
  const wrapped = Object.entries(store).map(([name, method]) => [
    name,
    async (...args: unknown[]) => {
      try {
        return await (method as (...a: unknown[]) => Promise<unknown>)(...args);
      } catch (error) {
        throw fromPostgres(error);
      }
    },
  ]);
  return Object.fromEntries(wrapped) as T;
}
