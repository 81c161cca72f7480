import type { LeaderStore } from '@spiderhub/core';
import type { Database } from './database.ts';
import { translated } from './pg-errors.ts';

// Whoever waits for the row's lock looks again afterwards, and finds the place taken.
const LEAD = `
  with begun as (
    update leader set term = term + 1, holder = :holder, until = now() + :forMs * interval '1 ms'
    where until < now() returning term
  )
  select (select term from begun) as term, extract(epoch from l.until - now()) * 1000 as free_in_ms from leader l`;

const KEEP = `
  update leader set until = now() + :forMs * interval '1 ms' where term = :term returning term`;

interface LeadRow {
  term: string | null;
  free_in_ms: string;
}

/**
 * The leader's place as a row that is changed by compare-and-set: it needs no connection of its own, so it holds behind
 * any pooler, and a standby costs one statement that writes nothing.
 */
export function createLeaderStore(database: Database): LeaderStore {
  return translated<LeaderStore>({
    async lead(holder, forMs) {
      const { rows } = await database.raw<{ rows: [LeadRow] }>(LEAD, { holder, forMs });
      const [{ term, free_in_ms }] = rows;
      return term === null ? { freeInMs: Math.max(0, Number(free_in_ms)) } : { term: Number(term) };
    },
    async keep(term, forMs) {
      const { rows } = await database.raw<{ rows: unknown[] }>(KEEP, { term, forMs });
      return rows.length > 0;
    },
    async leave(term) {
      await database.raw("update leader set until = 'epoch', holder = null where term = ?", [term]);
    },
  });
}
