import type { AuditFilter, AuditScope, AuditStore } from '@spiderhub/core';
import { createAuditStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { planOf } from '../../support/plans.ts';

const LINES = 50_000;
/** Lines that one page looks at, whatever it finds. */
const LOOKED_AT = 20_000;

let db: TestDatabase;
let store: AuditStore;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createAuditStore(db.database);
  // One rare line near the beginning, in the log of an organisation that has every fifth line.
  await db.database.raw(
    `insert into audit_log (organisation_id, project_id, actor_kind, actor, user_id, action, object, at)
    select n % 5, n % 50, 'user', 'ann', n % 9, case when n = 1005 then 'member.removed' else 'jobs.scheduled' end, 'job', now()
    from generate_series(1, :lines::int) n`,
    { lines: LINES },
  );
  await db.database.raw('vacuum analyze audit_log');
});
afterAll(() => db.close());

const RARE: AuditFilter = { action: 'member' };

it.each<[string, AuditScope, AuditFilter]>([
  ['the whole log', 'everything', {}],
  ['what is rare in the whole log', 'everything', RARE],
  ['what there is not', 'everything', { actor: 'nobody at all' }],
  ['a time long ago', 'everything', { until: new Date(0) }],
  ['what is rare in an organisation', { organisation: 0 }, RARE],
  ['what is rare in a project', { project: 5 }, { key: 7 }],
])('a page of %s reads a piece of the log', async (_, scope, filter) => {
  const plan = await planOf(db.database, () => store.page(scope, filter, null, 100));
  expect(plan.wholeTables).toEqual([]);
  expect(plan.mostRows).toBeLessThanOrEqual(LOOKED_AT);
});

it('what is rare is found by going on, and the end is the end', async () => {
  const found: number[] = [];
  let pages = 0;
  for (let before: number | null = null; ; pages++) {
    const { lines, next } = await store.page('everything', RARE, before, 100);
    found.push(...lines.map(({ id }) => id));
    if (next === null) break;
    expect(before === null || next < before).toBe(true);
    before = next;
  }
  expect([found, pages]).toEqual([[1005], 2]);
  const exported: number[] = [];
  for await (const lines of store.pages({ organisation: 0 }, { action: 'jobs' }))
    exported.push(...lines.map(({ id }) => id));
  expect(exported.length).toBe(LINES / 5 - 1);
  expect(new Set(exported).size).toBe(exported.length);
});
