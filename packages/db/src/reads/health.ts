import type { Database } from '../database.ts';

/** What the workers that live say of how far they keep code of projects away, each as the plain JSON that it gave. */
export async function isolationOfWorkers(database: Database): Promise<object[]> {
  const { rows } = await database.raw<{ rows: { isolation: object }[] }>(
    `select distinct isolation from workers
    where seen_at > now() - interval '30 s' and isolation is not null limit 100`,
  );
  return rows.map(({ isolation }) => isolation);
}

/** Number of workers that gave a life sign lately. Throws when the database does not answer. */
export async function countLiveWorkers(database: Database): Promise<number> {
  const { rows } = await database.raw<{ rows: [{ count: number }] }>(
    `select count(*)::int as count from workers where seen_at > now() - interval '30 s'`,
  );
  return rows[0].count;
}
