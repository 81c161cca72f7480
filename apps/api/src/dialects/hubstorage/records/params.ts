import { requestErrors } from '@spiderhub/core';
import { isYes } from '@spiderhub/hub';
import type { Params } from '../../../http/params.ts';

/** The last of the values that a name came with: clients repeat names by mistake. */
export function one(params: Params, name: string): string | undefined {
  const value = params[name];
  return Array.isArray(value) ? value.at(-1) : value;
}

export function many(params: Params, name: string): string[] {
  const value = params[name];
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

export function isSet(params: Params, name: string): boolean {
  return isYes(one(params, name));
}

/** A whole number from 0 on; undefined when it is not given. Throws `invalid`. */
export function wholeNumber(params: Params, name: string): number | undefined {
  const text = one(params, name);
  if (text === undefined || text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw requestErrors.invalid(name, 'expected a whole number');
  return Number(text);
}

/** A moment in ms since the epoch; Python clients send fractions. Undefined when it is not given. */
export function moment(params: Params, name: string): number | undefined {
  const text = one(params, name);
  if (text === undefined || text === '') return undefined;
  if (!/^-?\d{1,15}(\.\d{1,10})?$/.test(text))
    throw requestErrors.invalid(name, 'expected milliseconds since 1970');
  return Number(text);
}
