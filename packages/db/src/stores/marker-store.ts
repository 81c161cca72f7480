import { DomainError, type Marker, type MarkerStore, requestErrors } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { MARKER } from '../jobs/filter-sql.ts';
import { translated } from '../pg-errors.ts';

const BUILT_IN = 'consumed';
const PREFIX = 'jobs_lacking_';
const SPIDER_PREFIX = 'jobs_of_spider_lacking_';

/** Both indexes of a marker: of a project's jobs, and of a spider's. */
const INDEXES = [
  { prefix: PREFIX, columns: 'project_id, state_since desc, id desc' },
  { prefix: SPIDER_PREFIX, columns: 'project_id, spider, state_since desc, id desc' },
];

export function createMarkerStore(database: Database): MarkerStore {
  async function list(): Promise<Marker[]> {
    // An index whose making was interrupted is not valid: it has to be made again.
    const { rows } = await database.raw<{ rows: Marker[] }>(
      `select substr(c.relname, length(:prefix) + 1) as tag
      from pg_class c join pg_index i on i.indexrelid = c.oid
      where starts_with(c.relname, :prefix) and i.indrelid = 'jobs'::regclass and i.indisvalid
        and exists (select from pg_class o join pg_index p on p.indexrelid = o.oid
          where o.relname = :spiderPrefix || substr(c.relname, length(:prefix) + 1) and p.indisvalid)
      order by 1`,
      { prefix: PREFIX, spiderPrefix: SPIDER_PREFIX },
    );
    return [{ tag: BUILT_IN }, ...rows];
  }

  async function drop(tag: string): Promise<void> {
    for (const { prefix } of INDEXES)
      await database.raw(`drop index concurrently if exists "${prefix}${tag}"`);
  }

  async function has(tag: string): Promise<boolean> {
    return (await list()).some((marker) => marker.tag === tag);
  }

  return translated<MarkerStore>({
    list,
    async create(actor, tag) {
      if (!MARKER.test(tag)) throw requestErrors.invalid('tag', 'expected 1 to 40 of A-Z a-z 0-9 _ . -');
      if (await has(tag)) return { value: { tag }, created: false };
      await drop(tag);
      for (const { prefix, columns } of INDEXES)
        await database.raw(
          `create index concurrently "${prefix}${tag}" on jobs (${columns})
          where state = 'finished' and not (tags @> '{${tag}}')`,
        );
      // An index is made outside of transactions: its line follows it.
      await audit(database, actor, { action: 'marker.made', place: null, object: `tag ${tag}` });
      return { value: { tag }, created: true };
    },
    async remove(actor, tag) {
      if (tag === BUILT_IN || !MARKER.test(tag) || !(await has(tag)))
        throw new DomainError('not_found', 'marker_not_found', `${tag} is no marker that can be removed`);
      await drop(tag);
      await audit(database, actor, { action: 'marker.removed', place: null, object: `tag ${tag}` });
      return { tag };
    },
  });
}
