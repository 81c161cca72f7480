import { isUtf8 } from 'node:buffer';
import { checkText, requestErrors } from '@spiderhub/core';
import { readBody } from './body.ts';
import { HttpProblem } from './errors.ts';
import type { Incoming } from './incoming.ts';
import { readMultipart } from './multipart-params.ts';
import { type Params, parseParams } from './params.ts';

const MAX_BODY_BYTES = 2 * 1024 * 1024;

/** Reads a form of either kind or a flat JSON object. All give the same parameters. */
export async function readParams(req: Incoming): Promise<Params> {
  const type = mediaType(req);
  const raw = await readBody(req, MAX_BODY_BYTES);
  if (raw.length === 0) return parseParams('');
  if (!isUtf8(raw)) throw requestErrors.invalid('body', 'is not valid UTF-8');
  switch (type) {
    case 'application/json':
      return readJson(raw.toString('utf8'));
    case 'multipart/form-data':
      return readMultipart(raw, req.headers);
    case 'application/x-www-form-urlencoded':
      return parseParams(raw.toString('utf8'));
    case 'text/plain':
    case '':
      return readUntyped(raw.toString('utf8'));
    default:
      throw new HttpProblem(415, `Content-Type must be one of ${TYPES.join(', ')}`);
  }
}

const TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data', 'application/json', 'text/plain'];

/** Go's `http.NewRequest` names no type and `fetch` calls every text plain: no name of a form begins with a brace. */
function readUntyped(text: string): Params {
  return text.trimStart().startsWith('{') ? readJson(text) : parseParams(text.trimEnd());
}

const CHARSET = /charset *= *"?([\w-]+)/i;
const UTF8 = /^(utf-?8|us-ascii)$/i;

function mediaType(req: Incoming): string {
  const header = req.headers['content-type'] ?? '';
  if (header === 'application/x-www-form-urlencoded') return header;
  const charset = CHARSET.exec(header)?.[1];
  if (charset !== undefined && !UTF8.test(charset)) throw new HttpProblem(415, 'charset must be UTF-8');
  return (header.split(';', 1)[0] ?? '').trim().toLowerCase();
}

function readJson(text: string): Params {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw requestErrors.invalid('body', 'expected a JSON object');
  }
  const params = parseParams('');
  for (const [name, field] of Object.entries(value)) {
    checkText('body', name);
    params[name] = Array.isArray(field) ? field.map((one) => scalar(name, one)) : scalar(name, field);
  }
  return params;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw requestErrors.invalid('body', 'is not valid JSON');
  }
}

function scalar(name: string, value: unknown): string {
  const text =
    typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? String(value) : value;
  if (typeof text !== 'string')
    throw requestErrors.invalid(name, 'expected a string, a number or a list of them');
  return checkText(name.slice(0, 100), text);
}
