import type { JobKey } from '@spiderhub/core';
import { z } from 'zod';
import { expected } from '../../http/fields.ts';

/** A number in a path. Nine digits, because it is a Postgres integer. */
export const Id = z
  .string({ error: expected('a number') })
  .regex(/^[1-9]\d{0,8}$/, 'expected a number')
  .transform(Number);

/** A record number. */
export const Index = z
  .string({ error: expected('a record number') })
  .regex(/^\d{1,15}$/, 'expected a record number')
  .transform(Number);

/** Longest key, bytes of UTF-8: an entry of an index has 2,704 for all of its columns. */
export const MAX_KEY_BYTES = 2000;
/** Longest name, bytes of UTF-8: two of them make a key. */
const MAX_NAME_BYTES = MAX_KEY_BYTES / 2;

/** Why a text cannot be a key; null when it can. */
export function keyProblem(text: string, maxBytes = MAX_KEY_BYTES): string | null {
  if (text.includes('\0')) return 'has a NUL character';
  return Buffer.byteLength(text) > maxBytes ? `is longer than ${maxBytes} bytes` : null;
}

export const Name = z
  .string()
  .min(1, 'is empty')
  .refine((text) => Buffer.byteLength(text) <= MAX_NAME_BYTES, `is longer than ${MAX_NAME_BYTES} bytes`);

export const ProjectPath = z.object({ project: Id });
export const SpiderPath = z.object({ project: Id, spider: Id });
export const JobPath = z.object({ project: Id, spider: Id, job: Id });

export function keyOf({ project, spider, job }: z.output<typeof JobPath>): JobKey {
  return { project, spider, job };
}
