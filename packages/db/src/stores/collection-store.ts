import {
  type CollectionRecord,
  type CollectionRef,
  type CollectionScan,
  type CollectionStore,
  type CollectionType,
  collectionErrors,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { translated } from '../pg-errors.ts';

/** Records of the cached types live this long, as on Scrapy Cloud: a month. */
const CACHED_LIFE = '30 days';
/** A page stops behind the record with which it passes this size. */
const PAGE_BYTES = 4 * 1024 * 1024;
/** Expired records that one write clears away. */
const SWEEP = 1000;

interface RecordRow {
  key: string;
  value: string;
  ts: Date;
}

const PUT = `
  insert into collection_records as r (collection_id, key, value, ts, expires_at)
  select :id, n.key, n.value, now(), case when :expires then now() + interval '${CACHED_LIFE}' end
  from unnest(:keys::text[], :values::text[]) as n (key, value)
  -- One order for everybody: two writers never wait for each other in a circle.
  order by n.key collate "C"
  on conflict (collection_id, key) do update
    set value = excluded.value, ts = excluded.ts, expires_at = excluded.expires_at`;

const SWEEP_EXPIRED = `
  delete from collection_records where ctid = any(array(
    select ctid from collection_records where collection_id = :id and expires_at <= now() limit ${SWEEP}
    for update skip locked))`;

function expires(type: CollectionType): boolean {
  return type === 'cs' || type === 'vcs';
}

export function createCollectionStore(database: Database): CollectionStore {
  const collections = (ref: CollectionRef, db = database) =>
    db('collections').where({ project_id: ref.project, type: ref.type, name: ref.name });

  async function idOf(ref: CollectionRef): Promise<number | null> {
    return (await collections(ref).first('id'))?.id ?? null;
  }

  async function ensure(ref: CollectionRef): Promise<number> {
    const known = await idOf(ref);
    if (known !== null) return known;
    await database('collections')
      .insert({ project_id: ref.project, type: ref.type, name: ref.name })
      .onConflict(['project_id', 'name', 'type'])
      .ignore();
    return (await idOf(ref)) ?? ensure(ref);
  }

  async function putInto(ref: CollectionRef, values: Map<string, string>): Promise<void> {
    const id = await ensure(ref);
    const arrays = { keys: [...values.keys()], values: [...values.values()] };
    await database.raw(PUT, { id, expires: expires(ref.type), ...arrays });
    if (expires(ref.type)) await database.raw(SWEEP_EXPIRED, { id });
  }

  async function page(ref: CollectionRef, scan: CollectionScan, limit: number): Promise<CollectionRecord[]> {
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

  return translated<CollectionStore>({
    async list(project) {
      const { rows } = await database.raw<{ rows: { type: CollectionType; name: string }[] }>(
        `select type, name from collections where project_id = :project
        order by name, array_position(array['s', 'vs', 'cs', 'vcs'], type)`,
        { project },
      );
      return rows;
    },

    async put(ref, records) {
      if (records.length === 0) return;
      const values = new Map(records.map(({ key, value }) => [key, value]));
      try {
        await putInto(ref, values);
      } catch (error) {
        // Somebody dropped the collection in between: the write makes it again.
        if ((error as { code?: string }).code !== '23503') throw error;
        await putInto(ref, values);
      }
    },

    async get(ref, key) {
      const [record] = await page(ref, { keys: [key] }, 1);
      return record ?? null;
    },

    page,

    async count(ref, scan) {
      const where = scanSql(ref, scan);
      const { rows } = await database.raw<{ rows: [{ count: string }] }>(
        `select count(*) from ${where.sql}`,
        where.bindings,
      );
      return Number(rows[0].count);
    },

    async remove(ref, keys) {
      await database.raw(
        `delete from collection_records r using collections c
        where c.id = r.collection_id and c.project_id = :project and c.type = :type and c.name = :name
          and r.key = any(:keys)`,
        { ...ref, keys: [...keys] },
      );
    },

    async drop(ref) {
      await patiently(database, (tx) => collections(ref, tx).delete());
    },

    async dropAll(project, name) {
      await patiently(database, (tx) => tx('collections').where({ project_id: project, name }).delete());
    },

    async rename(project, name, newName) {
      try {
        const count = await database('collections')
          .where({ project_id: project, name })
          .update({ name: newName });
        if (count === 0) throw collectionErrors.notFound(name);
      } catch (error) {
        if ((error as { code?: string }).code !== '23505') throw error;
        throw collectionErrors.exists(newName);
      }
    },
  });
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
