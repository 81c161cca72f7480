import type { LeaderStore } from '@spiderhub/core';
import type { Database } from './database.ts';
import { translated } from './pg-errors.ts';

// Whoever waits for the row's lock looks again afterwards, and finds the place taken.
const LEAD = `
  update leader set term = term + 1, holder = :holder, until = now() + :forMs * interval '1 ms'
  where until < now() returning term`;

const KEEP = `update leader set until = now() + :forMs * interval '1 ms' where term = :term returning term`;

/**
 * The leader's place as a row that is changed by compare-and-set: it needs no connection of its own, so it holds behind
 * any pooler, and a standby costs one statement that writes nothing.
 */
export function createLeaderStore(database: Database): LeaderStore {
  return translated<LeaderStore>({
    async lead(holder, forMs) {
      const { rows } = await database.raw<{ rows: { term: string }[] }>(LEAD, { holder, forMs });
      return rows[0] ? Number(rows[0].term) : null;
    },
    async keep(term, forMs) {
      const { rows } = await database.raw<{ rows: unknown[] }>(KEEP, { term, forMs });
      return rows.length > 0;
    },
    async leave(term) {
      await database.raw("update leader set until = '-infinity', holder = null where term = ?", [term]);
    },
  });
}
