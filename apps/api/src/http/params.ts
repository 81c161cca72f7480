import { parse } from 'node:querystring';
import { requestErrors } from '@spiderhub/core';
import type { Request } from 'express';
import { sizeErrors } from './size-errors.ts';

/** Names to values as they came; a name that came more than once has a list. Has no prototype. */
export type Params = Record<string, string | string[]>;

/** Far more than any client sends: the limit only bounds the work for one request. */
export const MAX_PARAMS = 10_000;

/**
 * Reads `a=1&b=2`. Names mean nothing but themselves: no brackets, no nesting. Throws `invalid` for text that is no
 * UTF-8 or contains NUL (which Postgres cannot hold), `too_large` for too many parameters.
 */
export function parseParams(text: string): Params {
  if (countOf('&', text) >= MAX_PARAMS) {
    throw sizeErrors.parameters(`more than ${MAX_PARAMS} parameters`);
  }
  const params = parse(text, '&', '=', { maxKeys: 0 }) as Params;
  delete params[''];
  if (text.includes('%') || text.includes('\0')) refuseBadText(params, text);
  return params;
}

/** Adds a value to those that its name has already. */
export function addParam(params: Params, name: string, value: string): void {
  const before = params[name];
  params[name] = before === undefined ? value : [...[before].flat(), value];
}

/** The query of a request; the path has no say in it. */
export function queryOf(req: Request): Params {
  const start = req.url.indexOf('?');
  return parseParams(start < 0 ? '' : req.url.slice(start + 1));
}

function countOf(character: string, text: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count += 1;
  return count;
}

function refuseBadText(params: Params, text: string): void {
  // Wrong escapes decode to U+FFFD; a caller who means that character has escaped it rightly.
  const meansReplacement = /%ef%bf%bd/i.test(text);
  for (const [name, value] of Object.entries(params)) {
    const all = typeof value === 'string' ? name + value : name + value.join('');
    if (all.includes('\0')) throw requestErrors.invalid(shown(name), 'NUL characters are not allowed');
    if (!meansReplacement && all.includes('\ufffd'))
      throw requestErrors.invalid(shown(name), 'is not valid UTF-8');
  }
}

function shown(name: string): string {
  return name.replaceAll('\0', '').slice(0, 100);
}
