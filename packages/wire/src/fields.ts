import { z } from 'zod';

/** An operation without parameters: one that it does not know is refused, not passed over. */
export const None = z.strictObject({});

/** Answer of what has nothing to say. */
export const Done = z.strictObject({}).meta({ id: 'Done' });

export const Role = z.enum(['owner', 'admin', 'developer', 'operator', 'reader']).meta({ id: 'Role' });

/** A number in a path: digits there, a number for who gets it. */
export const PathNumber = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'expected a number, 1 to 999999999')
  .transform(Number)
  .meta({ wholeNumber: true });

/** A number in a query; the service gets a number. */
export function queryNumber(minimum: number, maximum: number) {
  const words = `expected a whole number, ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, words)
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, words)
    .meta({ wholeNumber: true, minimum, maximum });
}

export const Id = z.int().min(1);

/** How many of something. */
export const Count = z.int().min(0);

/** A moment, in UTC: `2026-01-31T12:00:00.000Z`. */
export const Time = z.iso.datetime();

const MAX_NAME = 255;

/** A name that something new gets. One that would spoil lists and logs is refused. */
export const Name = z
  .string()
  .min(1)
  .max(MAX_NAME)
  .regex(/^\S(.*\S)?$/u, 'expected no blanks at its ends')
  .refine((name) => !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name), 'expected no control characters');

const MAX_PASSWORD = 500;
/** As it is typed; whether a new one will do is for the service to say. */
export const Password = z.string().min(1).max(MAX_PASSWORD);

const MAX_EMAIL = 254;
export const Email = z.email().max(MAX_EMAIL);

const MAX_TOKEN = 200;
/** The secret part of a link. */
export const Token = z.string().min(1).max(MAX_TOKEN);

export const OfOrganisation = z.strictObject({ organisation: PathNumber });
export const OfProject = z.strictObject({ project: PathNumber });
/** A spider by its number in the project. */
export const OfSpider = OfProject.extend({ spider: PathNumber });
export const OfJob = OfSpider.extend({ job: PathNumber });

/** A text with a name. Names come from crawls and callers, so they are no keys of objects. */
export const Named = z.strictObject({ name: z.string(), value: z.string() }).meta({ id: 'Named' });

/** Words that are separated by commas, or a parameter that comes several times. */
export const QueryList = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat().flatMap((text) => text.split(',').filter((word) => word !== '')));
