import type { Database } from '../database.ts';

/** Number of workers that gave a life sign lately. Throws when the database does not answer. */
export async function countLiveWorkers(database: Database): Promise<number> {
  const { rows } = await database.raw<{ rows: [{ count: number }] }>(
    `select count(*)::int as count from workers where seen_at > now() - interval '30 s'`,
  );
  return rows[0].count;
}
