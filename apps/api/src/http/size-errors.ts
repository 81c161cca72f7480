import { DomainError } from '@spiderhub/core';

function tooLarge(code: string, message: string): DomainError {
  return new DomainError('too_large', code, message);
}

interface LongLine {
  /** What the lines are; undefined to say no more than clients have always read. */
  what?: string | undefined;
  /** The first one is number 0. */
  number: number;
  /** As far as they came. */
  bytes: number;
}

/** What is larger than a request may be, whichever reader finds it. */
export const sizeErrors = {
  body: (maxBytes: number) => tooLarge('body_too_large', `the body is larger than ${maxBytes} bytes`),
  file: (name: string, maxBytes: number) =>
    tooLarge('file_too_large', `${name}: is larger than ${maxBytes} bytes`),
  /** The words that hubstorage's clients print. */
  line: (maxBytes: number, { what, number, bytes }: LongLine) => {
    const which = what === undefined ? '' : ` (${what} ${number} of the request has ${bytes})`;
    return tooLarge('value_too_large', `Serialized value too large - max ${maxBytes} bytes${which}`);
  },
  parameters: (what: string) => tooLarge('too_many_parameters', what),
};
