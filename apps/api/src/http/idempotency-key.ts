import type { IncomingHttpHeaders } from 'node:http';
import { requestErrors } from '@spiderhub/core';

/**
 * A caller who repeats a request under the same key, because the answer got lost, gets the first one's job. Throws
 * `invalid`.
 */
export function idempotencyKeyOf(headers: IncomingHttpHeaders): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw requestErrors.invalid('Idempotency-Key', 'expected 1 to 255 printable ASCII characters');
}
