import type { Database } from './database.ts';

/** What changes millions of rows at once may take this long, whatever its pool allows. */
const PATIENCE = '10min';

/** Runs statements, all or none, that may take longer than others: time-outs would keep them from ever being done. */
export function patiently<T>(database: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.raw(`set local statement_timeout = '${PATIENCE}'`);
    return work(tx);
  });
}
