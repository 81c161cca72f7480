import { resolve } from 'node:path';
import { migrate, migrateDown } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';

const MIGRATIONS = resolve(__dirname, '../../../migrations');

let db: TestDatabase;

beforeEach(async () => {
  db = await createTestDatabase();
});
afterEach(() => db.close());

/** Columns, constraints, indexes and functions of the schema, as text that can be compared. */
async function schema(): Promise<string[]> {
  const { rows } = await db.database.raw<{ rows: { line: string }[] }>(`
    select table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') as line
    from information_schema.columns where table_schema = 'public'
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) from pg_constraint
      where connamespace = 'public'::regnamespace
    union all select pg_get_functiondef(p.oid) from pg_proc p
      where p.pronamespace = 'public'::regnamespace and p.probin is null
    order by 1`);
  return rows.map((row) => row.line);
}

describe('migrations', () => {
  it('have a way down for each way up, and come back the same', async () => {
    const before = await schema();
    const files = await db.database('migrations').count().first();
    for (let i = 0; i < Number(files?.count); i++) await migrateDown(db.database, MIGRATIONS);
    const { rows } = await db.database.raw<{ rows: { table_name: string }[] }>(
      "select table_name from information_schema.tables where table_schema = 'public'",
    );
    expect(rows.map((row) => row.table_name).filter((name) => !name.startsWith('migrations'))).toEqual([]);
    await migrate(db.url, MIGRATIONS);
    expect(await schema()).toEqual(before);
  });

  it('may be applied by several processes at once, and again', async () => {
    await Promise.all(Array.from({ length: 4 }, () => migrate(db.url, MIGRATIONS)));
    expect((await schema()).length).toBeGreaterThan(50);
  });
});
