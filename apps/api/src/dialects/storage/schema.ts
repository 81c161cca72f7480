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

export const Name = z.string().min(1, 'is empty').max(1000, 'is too long');

export const ProjectPath = z.object({ project: Id });
export const SpiderPath = z.object({ project: Id, spider: Id });
export const JobPath = z.object({ project: Id, spider: Id, job: Id });

export function keyOf({ project, spider, job }: z.output<typeof JobPath>): JobKey {
  return { project, spider, job };
}
