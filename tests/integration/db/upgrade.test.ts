import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hashApiKey } from '@spiderhub/core';
import {
  createAccessStore,
  createAttemptStore,
  createCollectionStore,
  createJobStore,
  createJobView,
  migrate,
  schemaProblem,
  schemaText,
} from '@spiderhub/db';
import { createTestDatabase, eventually, type TestDatabase } from '@spiderhub/testkit';

const MIGRATIONS = resolve(__dirname, '../../../migrations');
/** The newest migration before jobs, their counters and their leases had tables of their own. */
const LAST_OLD = '0002';
const KEY = 'an-api-key-of-someone-00000000000';

let db: TestDatabase;
let directory: string;

/** A database without anything in it. */
beforeEach(async () => {
  db = await createTestDatabase();
  await db.database.raw('drop schema public cascade');
  await db.database.raw('create schema public');
  directory = await mkdtemp(join(tmpdir(), 'spiderhub-migrations-'));
});
afterEach(async () => {
  await db.close();
  await rm(directory, { recursive: true });
});

/** Copies the migrations up to the one whose name begins with `last`. */
async function copyUpTo(last: string): Promise<void> {
  const files = (await readdir(MIGRATIONS)).filter(
    (file) => /^\d/.test(file) && file.slice(0, last.length) <= last,
  );
  for (const file of files) await copyFile(join(MIGRATIONS, file), join(directory, file));
}

async function addMigration(name: string, up: string, down = 'select 1;\n'): Promise<void> {
  await writeFile(join(directory, `${name}.up.sql`), up);
  await writeFile(join(directory, `${name}.down.sql`), down);
}

/** Rows of a kind that every older installation may have, in the words of the older schema. */
const OLD_ROWS = `
  insert into organisations (name) values ('acme');
  insert into users (name) values ('ann');
  insert into members (organisation_id, user_id) values (1, 1);
  insert into projects (id, organisation_id, name, max_running, settings, policy)
  values (7, 1, 'shop', 3, '{"A": 1.0}', '{"maxAttempts": 2}'), (8, 1, 'other', null, '{}', '{}');
  insert into api_keys (hash, hint, user_id) values (decode('${hashApiKey(KEY).toString('hex')}', 'hex'), 'an-a', 1);
  insert into scrapyd_users (organisation_id, username, password_hash) values (1, 'ann', 'scrypt$1$1$1$a$b');
  insert into secrets values ('job-token', 'secret');
  insert into versions (project_id, name, egg_sha256, egg_size_bytes, settings_module, spiders, deployed_by)
  values (7, '1.0', repeat('a', 64), 10, 'shop.settings', '{a,b}', 'ann');
  insert into spiders (project_id, number, name, next_job, tags, max_running) values
    (7, 1, 'a', 100, '{kept}', 2), (7, 2, 'b', 100, '{}', null), (8, 1, 'a', 9, '{}', null);
  insert into jobs (project_id, spider, number, state, attempt, priority, rank, units, tags, version, close_reason, exit_status,
    external, unique_key, idempotency_key, alias, worker, lease_until, admitted_at, stop_requested_at, stop_level, wait_until,
    state_since, pending_at, running_at, finished_at, deleted_at, scheduled_by, items, pages, logs, errors)
  select 7, n % 2 + 1, n, state, attempt, n % 5, n, 1, array['t' || n, 'consumed'], '1.0',
    case when state in ('finished', 'deleted') then 'finished' end, case when state = 'finished' then '0' end,
    external, 'unique-' || n, 'idem-' || n, 'alias-' || n, worker, lease, case when state = 'admitted' then now() end,
    case when n = 4 then now() end, case when n = 4 then 1 else 0 end, null,
    timestamptz '2026-01-01' + n * interval '1 min', timestamptz '2026-01-01', case when attempt > 0 then timestamptz '2026-01-01' end,
    case when state = 'finished' then timestamptz '2026-01-02' end, case when state = 'deleted' then now() end, 'ann', n, n * 2, n * 3, n * 4
  from (values
    (1, 'pending', 0, false, null::text, null::timestamptz), (2, 'pending', 1, true, null, null), (3, 'admitted', 1, false, null, null),
    (4, 'running', 2, false, 'w1', now() + interval '1 hour'), (5, 'running', 0, true, null, null),
    (6, 'finished', 1, false, 'w0', null), (7, 'finished', 1, false, 'w0', null), (8, 'deleted', 1, false, 'w0', null)
  ) v (n, state, attempt, external, worker, lease);
  insert into job_details (job_id, args, settings, environment, request_id, scrapy_stats)
  select id, '{"url": "x", "nul": "\\u0000"}', '{"N": NaN}', '{"E": "1"}', 'r' || id, '{"item_scraped_count": 1}' from jobs;
  insert into job_meta select id, 'note', '"é"' from jobs;
  insert into job_attempts (job_id, attempt, worker, started_at, close_reason, items, pages, logs, errors)
  select id, 1, 'w0', now(), 'lost', 1, 2, 3, 4 from jobs where attempt > 0;
  insert into job_claims (job_id, tag, project_id, worker, lease_until) select id, 'seen', 7, 'consumer', now() from jobs where number = 6;
  insert into workers (id, host, slots) values ('w1', 'here', 2);
  insert into activity (project_id, event) values (7, '{"text": "hello"}');
  insert into activity (project_id, spider, job, what, who) values (7, 1, 2, 'scheduled', 'ann'), (7, 1, 2, 'completed', null);
  insert into comments (job_id, item, text, created_by) select id, 3, 'look', 'ann' from jobs where number = 6;
  insert into reports (job_id, key, content_type, sha256, size_bytes, created_by)
  select id, 'r.txt', 'text/plain', repeat('b', 64), 4, 'ann' from jobs where number = 7;
  insert into project_eggs (project_id, name, version, sha256, size_bytes, created_by) values (7, 'lib', '2', repeat('c', 64), 5, 'ann');
  insert into releases (id, project_id, version, image_url, project_type, deployed_by) values ('x', 7, '1', 'img', 'scrapy', 'ann');
  insert into collections (project_id, type, name) values (7, 's', 'prices');
  insert into collection_records (collection_id, key, value, ts) values (1, 'k', '{"v": 1}', now());
  insert into frontier_slots (project_id, frontier, slot) values (7, 'f', '0');
  insert into frontier_fingerprints (slot_id, fp) values (1, 'fp');
  insert into frontier_batches (slot_id, priority, size, requests) values (1, 0, 1, '[["fp", 1]]');`;

/** All columns of all rows that both schemas have. */
async function rowsOf(columns: ReadonlyMap<string, string[]>): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [table, names] of columns) {
    const { rows } = await db.database.raw(
      `select r::text as row from (select ${names.map((name) => `"${name}"`).join(', ')} from "${table}") r order by 1`,
    );
    found[table] = rows.map(({ row }: { row: string }) => row);
  }
  return found;
}

async function columnsNow(): Promise<Map<string, string[]>> {
  const { rows } = await db.database.raw<{ rows: { table: string; columns: string[] }[] }>(
    `select table_name::text as table, array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns where table_schema = 'public' and table_name !~ '^migrations' group by 1`,
  );
  return new Map(rows.map(({ table, columns }) => [table, columns]));
}

describe('an upgrade from before the event log', () => {
  it('keeps every row of every table', async () => {
    await copyUpTo(LAST_OLD);
    await migrate(db.url, directory);
    await db.database.raw(OLD_ROWS.replaceAll('?', '\\?'));
    const old = await columnsNow();
    const before = await rowsOf(old);

    await migrate(db.url);

    const now = await columnsNow();
    const shared = new Map(
      [...old].flatMap(([table, names]): [string, string[]][] => {
        const kept = names.filter((name) => now.get(table)?.includes(name));
        return table === 'activity' ? [] : [[table, kept]];
      }),
    );
    expect([...shared].filter(([, names]) => names.length === 0)).toEqual([]);
    // Only the lease has moved out of its table.
    const moved = [...old].flatMap(([table, names]) =>
      names.filter((name) => table !== 'activity' && !shared.get(table)?.includes(name)),
    );
    expect(moved).toEqual(['lease_until']);
    const after = await rowsOf(shared);
    const { jobs: _before, activity: _activity, ...beforeRest } = before;
    const { jobs, ...afterRest } = after;
    expect(afterRest).toEqual(beforeRest);
    expect(jobs).toHaveLength(8);
  });

  it('leaves jobs, keys and collections that work', async () => {
    await copyUpTo(LAST_OLD);
    await migrate(db.url, directory);
    await db.database.raw(OLD_ROWS.replaceAll('?', '\\?'));
    const old = await createJobRows();
    await migrate(db.url);
    expect(await createJobRows()).toEqual(old);

    const view = createJobView(db.database);
    const count = (filter = {}) => view.count({ project: 7, ...filter });
    expect([
      await count(),
      await count({ states: ['pending'] }),
      await count({ states: ['running'] }),
    ]).toEqual([7, 3, 2]);
    expect([
      await count({ states: ['finished'] }),
      await count({ states: ['deleted'] }),
      await count({ spiders: ['a'] }),
    ]).toEqual([2, 1, 3]);
    const running = await view.find({ project: 7, spider: 1, job: 4 });
    expect(running).toMatchObject({
      state: 'running',
      stopRequested: true,
      counts: { items: 4, pages: 8, logs: 12, errors: 16 },
    });
    expect(running?.args).toEqual({ url: 'x', nul: '\u0000' });
    expect(running?.settings).toEqual({ N: 'NaN' });

    // The worker that ran it goes on with it.
    const attempts = createAttemptStore(db.database);
    const counts = { items: 5, pages: 9, logs: 13, errors: 17 };
    const id = running?.id as number;
    const [beat] = await attempts.heartbeat('w1', [{ id, attempt: 2, counts }], 60_000);
    expect(beat).toMatchObject({ id, attempt: 2, stopRequested: true });
    expect(await attempts.finish(id, 2, { closeReason: 'finished', counts, scrapyStats: null })).toBe(
      'finished',
    );
    expect([await count({ states: ['running'] }), await count({ states: ['finished'] })]).toEqual([1, 3]);

    expect(await createAccessStore(db.database).findKey(hashApiKey(KEY))).not.toBeNull();
    const store = createCollectionStore(db.database);
    expect(await store.count({ project: 7, type: 's', name: 'prices' }, {})).toBe(1);
    const events = await db
      .database('events')
      .where({ project_id: 7 })
      .orderBy('id')
      .limit(3)
      .select('type', 'actor', 'data');
    expect(events).toEqual([
      { type: 'project.reported', actor: null, data: '{"text": "hello"}' },
      { type: 'job.scheduled', actor: 'ann', data: null },
      { type: 'job.finished', actor: null, data: null },
    ]);
    // A key that was used is not used again.
    const [again] = await createJobStore(db.database).schedule([{ ...REQUEST, idempotencyKey: 'idem-6' }]);
    expect(again).toMatchObject({ outcome: 'scheduled', job: 6 });
  });
});

const REQUEST = {
  project: 7,
  spider: 'a',
  args: {},
  tags: [],
  priority: 2 as const,
  units: 1,
  settings: {},
  environment: {},
  command: null,
  meta: {},
  version: null,
  state: 'pending' as const,
  external: false,
  uniqueKey: null,
  idempotencyKey: null,
  scheduledBy: 'test',
  requestId: null,
};

/** Columns of jobs that no upgrade may touch. */
async function createJobRows(): Promise<unknown[]> {
  return db
    .database('jobs')
    .orderBy('id')
    .select(
      'id',
      'spider',
      'number',
      'state',
      'attempt',
      'tags',
      'unique_key',
      'idempotency_key',
      'alias',
      'state_since',
    )
    .select(
      'running_at',
      'finished_at',
      'stop_level',
      'worker',
      'items',
      'errors',
      'version',
      'close_reason',
    );
}

describe('a schema', () => {
  it('is the one that migrations/schema.sql shows: run npm run schema', async () => {
    await migrate(db.url);
    expect(await schemaText(db.database)).toBe(await readFile(join(MIGRATIONS, 'schema.sql'), 'utf8'));
    expect(await schemaProblem(db.database)).toBeNull();
  });

  it('that is older than a program is none that it starts on', async () => {
    expect(await schemaProblem(db.database)).toMatch('older than this program, 0001_initial is missing');
    await copyUpTo(LAST_OLD);
    await migrate(db.url, directory);
    expect(await schemaProblem(db.database, directory)).toBeNull();
    expect(await schemaProblem(db.database)).toMatch(/older than this program, 0003_\w+ is missing/);
  });

  it('of a newer program is refused, unless its migrations say that older programs can work with it', async () => {
    await copyUpTo(LAST_OLD);
    await migrate(db.url, directory);
    const old = directory;
    directory = await mkdtemp(join(tmpdir(), 'spiderhub-migrations-'));
    await copyUpTo(LAST_OLD);
    await addMigration(
      '0003_more',
      '-- Adds.\n-- min-program: 0002\nalter table projects add column more text;\n',
    );
    await migrate(db.url, directory);
    expect(await schemaProblem(db.database, old)).toBeNull();
    await migrate(db.url, old);

    await addMigration('0004_less', '-- min-program: 0003\nalter table projects drop column more;\n');
    await migrate(db.url, directory);
    expect(await schemaProblem(db.database, old)).toMatch(
      'a newer Spiderhub made it (0004_less), start that one',
    );
    await expect(migrate(db.url, old)).rejects.toThrow(
      'a newer Spiderhub made it (0004_less), start that one',
    );
    await rm(old, { recursive: true });
  });
});

describe('a migration', () => {
  beforeEach(async () => {
    await copyUpTo('0001');
    await migrate(db.url, directory);
  });

  it('without a transaction runs its statements one by one', async () => {
    await addMigration(
      '0002_indexes',
      `-- no-transaction\n-- Both at once would be a transaction.\ncreate index concurrently a on projects (name);\n\n-- And; another.\ncreate index concurrently b
  on projects (name) where name <> '?';\n`,
    );
    await migrate(db.url, directory);
    const { rows } = await db.database.raw("select indexname from pg_indexes where indexname in ('a', 'b')");
    expect(rows).toHaveLength(2);
  });

  it('gives up a lock that it does not get, and tries again', async () => {
    await addMigration('0002_column', 'alter table projects add column more text;\n');
    const migrated = await db.database.transaction(async (holder) => {
      await holder.raw('lock table projects in access share mode');
      const outcome = migrate(db.url, directory).then(
        () => 'done',
        (error: unknown) => error,
      );
      // It has asked for its lock, and does not keep others waiting for longer than that.
      await eventually(
        async () => {
          const { rows } = await holder.raw(
            "select from pg_locks where relation = 'projects'::regclass and not granted",
          );
          expect(rows).not.toEqual([]);
        },
        { everyMs: 1 },
      );
      await db.database.raw('select count(*) from projects');
      return { outcome };
    });
    expect(await migrated.outcome).toBe('done');
    expect(await db.database('projects').columnInfo()).toHaveProperty('more');
  });
});

it('makes the same of a database on which a later migration was before an earlier one', async () => {
  await copyUpTo('9999');
  const late = '0030_audit';
  for (const way of ['up', 'down']) await rm(join(directory, `${late}.${way}.sql`));
  await migrate(db.url, directory);
  expect(await schemaProblem(db.database)).toContain(`${late} is missing`);
  await migrate(db.url);
  expect(await schemaProblem(db.database)).toBeNull();
  expect(await schemaText(db.database)).toBe(await readFile(join(MIGRATIONS, 'schema.sql'), 'utf8'));
});
