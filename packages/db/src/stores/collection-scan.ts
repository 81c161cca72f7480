import type { CollectionRecord, CollectionRef, CollectionScan } from '@spiderhub/core';
import type { Database } from '../database.ts';

/** A page stops behind the record with which it passes this size. */
const PAGE_BYTES = 4 * 1024 * 1024;

interface RecordRow {
  key: string;
  value: string;
  ts: Date;
}

/** Up to `limit` records in the order of their keys, fewer when they are large. */
export async function scanRecords(
  database: Database,
  ref: CollectionRef,
  scan: CollectionScan,
  limit: number,
): Promise<CollectionRecord[]> {
  const where = scanSql(ref, scan);
  const { rows } = await database.raw<{ rows: RecordRow[] }>(
    `select key, value, ts from (
      select key, value, ts, sum(octet_length(value)) over (order by key) - octet_length(value) as before
      from (select r.key, r.value, r.ts from ${where.sql} order by r.key limit :limit) page
    ) sized
    where before < ${PAGE_BYTES} order by key`,
    { ...where.bindings, limit },
  );
  return rows.map(({ key, value, ts }): CollectionRecord => ({ key, value, ts: ts.getTime() }));
}

/** How many records a scan without a limit would give. */
export async function countRecords(
  database: Database,
  ref: CollectionRef,
  scan: CollectionScan,
): Promise<number> {
  const where = scanSql(ref, scan);
  const { rows } = await database.raw<{ rows: [{ count: string }] }>(
    `select count(*) from ${where.sql}`,
    where.bindings,
  );
  return Number(rows[0].count);
}

/** `collections c join collection_records r` with the conditions of a scan. */
function scanSql(
  ref: CollectionRef,
  scan: CollectionScan,
): { sql: string; bindings: Record<string, unknown> } {
  const parts = ['(r.expires_at is null or r.expires_at > now())'];
  const bindings: Record<string, unknown> = { ...ref };
  function add(sql: string, name: string, value: unknown): void {
    if (value === undefined) return;
    parts.push(sql);
    bindings[name] = value;
  }
  add('r.key = any(:keys)', 'keys', scan.keys);
  add(':start <= r.key', 'start', scan.start);
  add(':startAfter < r.key', 'startAfter', scan.startAfter);
  add('r.ts >= to_timestamp(:since::float8 / 1000)', 'since', scan.since);
  add('r.ts < to_timestamp(:until::float8 / 1000)', 'until', scan.until);
  if (scan.prefixes) prefixSql(scan.prefixes, parts, bindings);
  const sql = `collections c join collection_records r on r.collection_id = c.id
    where c.project_id = :project and c.type = :type and c.name = :name and ${parts.join(' and ')}`;
  return { sql, bindings };
}

/** `^@` (starts with) uses the index of a column in byte order, one prefix at a time. */
function prefixSql(prefixes: readonly string[], parts: string[], bindings: Record<string, unknown>): void {
  const each = prefixes.map((prefix, i) => {
    bindings[`prefix${i}`] = prefix;
    return `r.key ^@ :prefix${i}`;
  });
  parts.push(`(${each.join(' or ')})`);
}
