import { isUtf8 } from 'node:buffer';
import { requestErrors } from '@spiderhub/core';
import type { Request } from 'express';
import { readBody } from '../../http/body.ts';
import { HttpProblem } from '../../http/errors.ts';
import type { Params } from '../../http/params.ts';

/** Arguments of one job may have 256 Ki characters, and its settings and tags come beside them. */
const MAX_BODY_BYTES = 1024 * 1024;

/**
 * A JSON object, and nothing that a form of another site could send. Throws `invalid` for anything else, 415 for another
 * type.
 */
export async function readJsonObject(req: Request): Promise<Params> {
  const type = (req.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    req.resume();
    throw new HttpProblem(415, 'Content-Type must be application/json');
  }
  const raw = await readBody(req, MAX_BODY_BYTES);
  const value = isUtf8(raw) ? parsed(raw.toString('utf8')) : undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw requestErrors.invalid('body', 'expected a JSON object');
  }
  // Its values are of any kind; the schema of each operation says of which.
  return value as Params;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
