import { DomainError } from '@spiderhub/core';
import type { Request, RequestHandler } from 'express';
import { readParams } from './body-params.ts';
import { HttpProblem } from './errors.ts';
import type { Params } from './params.ts';

/** Requests whose body is a form, and the form once somebody has asked for it: a body can be read only once. */
const forms = new WeakMap<Request, Promise<Params> | null>();

/** Says that the body of a request is a form. Nothing is read yet. */
export const announceForm: RequestHandler = (req, _res, next) => {
  forms.set(req, null);
  next();
};

/** The form of a request for which one was announced. Throws what `readParams` throws, each time. */
export function formOf(req: Request): Promise<Params> {
  const form = forms.get(req) ?? readParams(req);
  forms.set(req, form);
  return form;
}

/** The key in a form; undefined when there is no form, none can be read, or it has none. */
export async function formKey(req: Request): Promise<string | undefined> {
  if (!forms.has(req)) return undefined;
  try {
    const { apikey } = await formOf(req);
    return typeof apikey === 'string' ? apikey : undefined;
  } catch (error) {
    // Who shows no key is told that before anything else.
    if (error instanceof DomainError || error instanceof HttpProblem) return undefined;
    throw error;
  }
}
