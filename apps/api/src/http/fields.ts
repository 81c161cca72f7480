import { requestErrors } from '@spiderhub/core';
import { z } from 'zod';

/** Words for a value that is not what a field takes; the field's name is put in front elsewhere. */
export function expected(what: string) {
  return (issue: { input?: unknown }): string => {
    if (issue.input === undefined) return 'is required';
    return Array.isArray(issue.input) ? 'is given more than once' : `expected ${what}`;
  };
}

/** A value that comes once. */
export const Text = z.string({ error: expected('text') });

/** A value that may come several times; always a list. */
export const Texts = z.union([Text.transform((one) => [one]), z.array(z.string())], {
  error: ({ input }) => (input === undefined ? 'is required' : 'expected a list of texts'),
});

/** A whole number in decimal digits between `min` and `max`. */
export function integer(min: number, max: number) {
  const what = `expected a whole number between ${min} and ${max}`;
  return z
    .string({ error: expected(`a whole number between ${min} and ${max}`) })
    .regex(/^-?\d{1,9}$/, what)
    .transform(Number)
    .refine((value) => value >= min && value <= max, what);
}

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(words: W) {
  return z.enum(words, { error: expected(`one of ${words.join(', ')}`) });
}

/** Checks input and throws `invalid` that names the first wrong field. */
export function parseFields<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0] as z.core.$ZodIssue;
  if (issue.code === 'unrecognized_keys')
    throw requestErrors.invalid(issue.keys[0] ?? '', 'unknown parameter');
  throw requestErrors.invalid(String(issue.path[0] ?? 'request').slice(0, 100), issue.message);
}
