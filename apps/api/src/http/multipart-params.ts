import type { IncomingHttpHeaders } from 'node:http';
import { checkText, DomainError, requestErrors } from '@spiderhub/core';
import createBusboy, { type Busboy } from 'busboy';
import { addParam, MAX_PARAMS, type Params, parseParams } from './params.ts';
import { sizeErrors } from './size-errors.ts';

/** Reads a whole multipart form of texts, as curl's `-F` sends it. Throws `invalid` for a file or a broken form. */
export function readMultipart(raw: Buffer, headers: IncomingHttpHeaders): Promise<Params> {
  const params = parseParams('');
  return new Promise((resolve, reject) => {
    const refuse = (error: unknown) => reject(error instanceof DomainError ? error : badForm(error));
    let busboy: Busboy;
    try {
      busboy = openBusboy(headers, raw.length);
    } catch (error) {
      return refuse(error);
    }
    // The rest of a refused form is short and goes nowhere: ending the parser in the middle would be more work.
    busboy.on('field', (name, value) => {
      try {
        addParam(params, checkText('body', name), checkText(name.slice(0, 100), value));
      } catch (error) {
        refuse(error);
      }
    });
    busboy.on('file', (name, stream) => {
      // A form that is cut inside of a file complains there, too.
      stream.on('error', refuse).resume();
      refuse(requestErrors.invalid(name.slice(0, 100), 'expected a text, not a file'));
    });
    busboy.on('fieldsLimit', () => refuse(sizeErrors.parameters(`more than ${MAX_PARAMS} parameters`)));
    busboy.on('error', refuse);
    busboy.on('close', () => resolve(params));
    busboy.end(raw);
  });
}

/** The body is in memory already: nothing in it is larger than itself. */
function openBusboy(headers: IncomingHttpHeaders, bytes: number): Busboy {
  const limits = { fields: MAX_PARAMS, parts: MAX_PARAMS, fieldSize: bytes, fieldNameSize: bytes };
  return createBusboy({ headers, limits });
}

/** A multipart form that cannot be read, in words for its sender. */
export function badForm(error: unknown): DomainError {
  const why = error instanceof Error ? error.message : String(error);
  return requestErrors.invalid('body', `is not a valid multipart form (${why})`);
}
