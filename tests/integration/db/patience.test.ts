import { COMMAND } from '@spiderhub/core';
import { createCollectionStore, createDatabase, createFrontierStore, type Database } from '@spiderhub/db';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../support/team.ts';

const STATEMENT_MS = 1000;

let db: TestDatabase;
let hurried: Database;
let project: number;

beforeAll(async () => {
  db = await createTestDatabase();
  hurried = createDatabase(db.url, { name: 'hurried', statementMs: STATEMENT_MS });
  project = (await makeTeam(db.database)).project;
});
afterAll(async () => {
  await hurried?.destroy();
  await db?.close();
});

/** Keeps everybody else away from a table while `work` runs. */
async function locked<T>(table: string, work: () => Promise<T>): Promise<T> {
  return db.database.transaction(async (tx) => {
    await tx.raw(`lock table ${table} in access exclusive mode`);
    return work();
  });
}

/** Whether a statement of the hurried pool has been waiting for twice as long as that pool allows. */
async function isPatient(): Promise<void> {
  const { rows } = await db.database.raw(
    `select 1 from pg_stat_activity where application_name = 'hurried' and datname = current_database()
      and state = 'active' and clock_timestamp() - query_start > interval '${2 * STATEMENT_MS} ms'`,
  );
  expect(rows).toHaveLength(1);
}

it('a statement that takes too long is given up, and the database is then not available', async () => {
  const collection = { project, type: 's', name: 'slow' } as const;
  const store = createCollectionStore(hurried);
  await store.put(collection, [{ key: 'a', value: '{}' }]);
  await locked('collection_records', () =>
    expect(store.count(collection, {})).rejects.toMatchObject({ kind: 'unavailable' }),
  );
  expect(await store.count(collection, {})).toBe(1);
});

it('what removes masses of rows may take longer', async () => {
  const collection = { project, type: 's', name: 'large' } as const;
  const slot = { project, frontier: 'f', slot: 'large' };
  const [collections, frontiers] = [createCollectionStore(hurried), createFrontierStore(hurried)];
  await collections.put(collection, [{ key: 'a', value: '{}' }]);
  await frontiers.add(slot, [{ fp: 'a', priority: 0, qdata: 'null', fdata: null }]);
  const removals: [string, () => Promise<unknown>][] = [
    ['collection_records', () => collections.drop(COMMAND, collection)],
    ['frontier_fingerprints', () => frontiers.removeSlot(slot)],
  ];
  for (const [table, remove] of removals) {
    let removal: Promise<unknown> = Promise.resolve();
    await locked(table, async () => {
      removal = remove();
      removal.catch(() => {});
      await eventually(isPatient);
    });
    await removal;
  }
  expect(await collections.count(collection, {})).toBe(0);
  expect(await frontiers.slots(project, 'f')).toEqual([]);
});
