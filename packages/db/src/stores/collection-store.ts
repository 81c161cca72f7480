import {
  type Actor,
  type CollectionRef,
  type CollectionStore,
  type CollectionType,
  collectionErrors,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { translated } from '../pg-errors.ts';
import { countRecords, scanRecords } from './collection-scan.ts';

/** Records of the cached types live this long, as on Scrapy Cloud: a month. */
const CACHED_LIFE = '30 days';
/** Expired records that one write clears away. */
const SWEEP = 1000;

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

function collectionsOf(db: Database, ref: CollectionRef) {
  return db('collections').where({ project_id: ref.project, type: ref.type, name: ref.name });
}

async function idOf(db: Database, ref: CollectionRef): Promise<number | null> {
  return (await collectionsOf(db, ref).first('id'))?.id ?? null;
}

/** The collection's number; it is made when there is none. */
async function ensure(db: Database, ref: CollectionRef): Promise<number> {
  const known = await idOf(db, ref);
  if (known !== null) return known;
  await db('collections')
    .insert({ project_id: ref.project, type: ref.type, name: ref.name })
    .onConflict(['project_id', 'name', 'type'])
    .ignore();
  return (await idOf(db, ref)) ?? ensure(db, ref);
}

async function putInto(db: Database, ref: CollectionRef, values: Map<string, string>): Promise<void> {
  const id = await ensure(db, ref);
  const arrays = { keys: [...values.keys()], values: [...values.values()] };
  await db.raw(PUT, { id, expires: expires(ref.type), ...arrays });
  if (expires(ref.type)) await db.raw(SWEEP_EXPIRED, { id });
}

async function put(db: Database, ref: CollectionRef, values: Map<string, string>): Promise<void> {
  try {
    await putInto(db, ref, values);
  } catch (error) {
    // Somebody dropped the collection in between: the write makes it again.
    if ((error as { code?: string }).code !== '23503') throw error;
    await putInto(db, ref, values);
  }
}

async function rename(
  db: Database,
  actor: Actor,
  project: number,
  name: string,
  newName: string,
): Promise<void> {
  try {
    await db.transaction(async (tx) => {
      const count = await tx('collections').where({ project_id: project, name }).update({ name: newName });
      if (count === 0) throw collectionErrors.notFound(name);
      const entry = { place: { project }, object: `collection ${name}`, after: { name: newName } };
      await audit(tx, actor, { ...entry, action: 'collection.renamed' });
    });
  } catch (error) {
    if ((error as { code?: string }).code !== '23505') throw error;
    throw collectionErrors.exists(newName);
  }
}

/** Of all types, or of one. */
async function drop(
  db: Database,
  actor: Actor,
  { project, name, type }: Pick<CollectionRef, 'project' | 'name'> & { type?: CollectionType },
): Promise<void> {
  await patiently(db, async (tx) => {
    const gone = await tx('collections')
      .where({ project_id: project, name, ...(type && { type }) })
      .delete()
      .returning('type');
    if (gone.length === 0) return;
    const before = { types: gone.map((row) => row.type) };
    const entry = { place: { project }, object: `collection ${name}`, before };
    await audit(tx, actor, { ...entry, action: 'collection.dropped' });
  });
}

export function createCollectionStore(database: Database): CollectionStore {
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
      await put(database, ref, new Map(records.map(({ key, value }) => [key, value])));
    },
    async get(ref, key) {
      const [record] = await scanRecords(database, ref, { keys: [key] }, 1);
      return record ?? null;
    },
    page: (ref, scan, limit) => scanRecords(database, ref, scan, limit),
    count: (ref, scan) => countRecords(database, ref, scan),
    async remove(ref, keys) {
      await database.raw(
        `delete from collection_records r using collections c
        where c.id = r.collection_id and c.project_id = :project and c.type = :type and c.name = :name
          and r.key = any(:keys)`,
        { ...ref, keys: [...keys] },
      );
    },
    drop: (actor, ref) => drop(database, actor, ref),
    dropAll: (actor, project, name) => drop(database, actor, { project, name }),
    rename: (actor, project, name, newName) => rename(database, actor, project, name, newName),
  });
}
