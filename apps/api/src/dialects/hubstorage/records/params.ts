import { isYes } from '@spiderhub/hub';
import { z } from 'zod';

/*
 * How this API's clients write parameters: names are repeated by mistake, empty ones mean nothing, unknown ones too.
 * What a field means is in its schema; texts that only some operations can judge stay texts.
 */

/** The last of the values that a name came with. */
export const last = z
  .union([z.string(), z.array(z.string()).transform((all) => all.at(-1) as string)])
  .optional();

/** All of them; an empty list for none. */
export const many = z
  .union([z.string().transform((one) => [one]), z.array(z.string())])
  .optional()
  .transform((all) => all ?? []);

export const yes = last.transform(isYes);

/** A value that `read` makes of the text; undefined when it is not given. `read` gives null for what is none. */
export function valueFrom<T>(expected: string, read: (text: string) => T | null) {
  return last.transform((text, context): T | undefined => {
    if (text === undefined || text === '') return undefined;
    const value = read(text);
    if (value !== null) return value;
    context.issues.push({ code: 'custom', message: `expected ${expected}`, input: text });
    return z.NEVER;
  });
}

/** From 0 on. */
export const wholeNumber = valueFrom('a whole number', (text) =>
  /^\d{1,15}$/.test(text) ? Number(text) : null,
);

/** In ms since the epoch; Python clients send fractions. */
export const moment = valueFrom('milliseconds since 1970', (text) =>
  /^-?\d{1,15}(\.\d{1,10})?$/.test(text) ? Number(text) : null,
);
