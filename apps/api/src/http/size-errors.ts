import { DomainError } from '@spiderhub/core';

function tooLarge(code: string, message: string): DomainError {
  return new DomainError('too_large', code, message);
}

/** What is larger than a request may be, whichever reader finds it. */
export const sizeErrors = {
  body: (maxBytes: number) => tooLarge('body_too_large', `the body is larger than ${maxBytes} bytes`),
  file: (name: string, maxBytes: number) =>
    tooLarge('file_too_large', `${name}: is larger than ${maxBytes} bytes`),
  /** The words that hubstorage's clients print. */
  line: (maxBytes: number) =>
    tooLarge('value_too_large', `Serialized value too large - max ${maxBytes} bytes`),
  parameters: (what: string) => tooLarge('too_many_parameters', what),
};
