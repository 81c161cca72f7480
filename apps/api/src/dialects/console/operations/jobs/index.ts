import type { Operation } from '../../../../http/operation.ts';
import type { Parts } from '../../../../parts.ts';
import { bulkOperations } from './bulk.ts';
import { compareOperation } from './compare.ts';
import { itemOperations } from './items.ts';
import { listJobs } from './list.ts';
import { logOperations } from './logs.ts';
import { jobOperations } from './one.ts';
import { runOperations } from './run.ts';
import { streamOperations } from './streams.ts';

/** Jobs of a project, and what they have written. */
export function allJobOperations(parts: Parts): Operation[] {
  return [
    listJobs(parts),
    ...runOperations(parts),
    ...jobOperations(parts),
    ...bulkOperations(parts),
    ...logOperations(parts),
    ...itemOperations(parts),
    ...streamOperations(parts),
    compareOperation(parts),
  ];
}
