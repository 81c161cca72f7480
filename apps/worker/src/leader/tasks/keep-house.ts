import {
  type AuditStore,
  type BlobLedger,
  type BlobStore,
  collectBlobs,
  type LeftoverStore,
  type Purge,
} from '@spiderhub/core';
import { type Chore, removing } from './chores.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Claims and workers that were silent for so long are nobody's, ms. */
const SILENT_MS = 24 * HOUR_MS;
/** Rows that one statement removes. */
const ROWS = 500;

export interface KeepHouseOptions {
  purge: Purge;
  blobs: BlobStore;
  ledger: BlobLedger;
  leftovers: LeftoverStore;
  /** How long events are kept, ms. */
  eventsMs: number;
  audit: Pick<AuditStore, 'removeOlder'>;
  /** How long lines of the audit log are kept, ms. */
  auditMs: number;
}

/** What was deleted, kept for long enough or left over goes bit by bit. */
export function keepHouse(options: KeepHouseOptions): Chore[] {
  const { purge, blobs, ledger, leftovers, eventsMs, audit, auditMs } = options;
  return [
    { name: 'purge deleted jobs', idleMs: 5 * SECOND_MS, run: purge.rows },
    { name: 'free streams', idleMs: 5 * SECOND_MS, run: purge.streams },
    { name: 'delete expired jobs', idleMs: 10 * MINUTE_MS, run: purge.expire },
    {
      name: 'remove unused blobs',
      idleMs: HOUR_MS,
      run: async () => ({ done: await collectBlobs(blobs, ledger), more: false }),
    },
    removing('remove old events', 10 * MINUTE_MS, () => leftovers.removeEvents(eventsMs, ROWS), ROWS),
    removing('remove old lines of the audit log', HOUR_MS, () => audit.removeOlder(auditMs, ROWS), ROWS),
    removing('remove expired records', 10 * MINUTE_MS, () => leftovers.removeExpiredRecords(ROWS), ROWS),
    removing(
      'remove silent claims and workers',
      HOUR_MS,
      () => leftovers.removeSilent(SILENT_MS, ROWS),
      ROWS,
    ),
  ];
}
