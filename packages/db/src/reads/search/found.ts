import type { ListOrder, ListPlace } from '@spiderhub/core';
import type { Database } from '../../database.ts';
import { whereParts } from '../../jobs/filter-sql.ts';
import { walk } from '../page-sql.ts';
import { MICROS, ORDERS } from './place-sql.ts';
import { lookOf, type SearchParts } from './search-sql.ts';

/** What one walk along a list has found. */
export interface Found {
  places: ListPlace[];
  /** How far it came when it gave up before it had enough; null when it did not. */
  border: ListPlace | null;
}

interface Row {
  what: 'found' | 'border';
  id: string;
  micros: string;
}

/** A tag on more jobs than this is searched for along the list. */
const TAGGED = 10_000;

/** The places of up to `most` jobs. Reads the list in its order, or what few jobs carry a tag or a key. */
export async function findJobs(
  database: Database,
  search: SearchParts,
  most: number,
  order: ListOrder,
): Promise<Found> {
  if (search.parts.keys.length > 0)
    return {
      places: await select(database, fewSql(search, order), { ...search.bindings, most }),
      border: null,
    };
  const look = lookOf(search, most);
  const rows = await rowsOf(database, walkSql(search, order), { ...search.bindings, most, look });
  const found = {
    places: rows.filter(({ what }) => what === 'found'),
    border: rows.find(({ what }) => what === 'border') ?? null,
  };
  if (!found.border || !search.tags) return found;
  const tagged = await taggedIds(database, search);
  if (!tagged) return found;
  const bindings = { ...search.bindings, tagged, most };
  return {
    places: await select(database, fewSql(search, order, 'j.id = any(:tagged::bigint[])'), bindings),
    border: null,
  };
}

/** Jobs in their order, and the last one that was looked at when they are fewer than wanted: of one snapshot. */
function walkSql(search: SearchParts, order: ListOrder): string {
  const { parts, rest, joins } = search;
  const where = rest.length > 0 ? `where ${rest.join(' and ')}` : '';
  return `
    with found as materialized (
      select j.id, j.state_since from (${walk(parts, 'j.*', ':look', ORDERS[order])}) j ${joins} ${where}
      ${ORDERS[order]} limit :most
    ),
    border as materialized (
      select j.id, j.state_since from (${walk(parts, 'j.id, j.state_since', ':look', ORDERS[order])}) j
      where (select count(*) from found) < :most
      ${ORDERS[order]} offset :look::int - 1 limit 1
    )
    (select 'found' as what, j.id, ${MICROS} as micros from found j ${ORDERS[order]})
    union all
    select 'border', j.id, ${MICROS} from border j`;
}

/** All jobs of a search, for those that are few. */
function fewSql({ parts, rest, joins }: SearchParts, order: ListOrder, more?: string): string {
  const where = [whereParts(parts), ...rest, ...(more ? [more] : [])].join(' and ');
  return `select 'found' as what, j.id, ${MICROS} as micros from jobs j ${joins} where ${where}
    ${ORDERS[order]} limit :most`;
}

/** Ids of all jobs of the project that carry the tags; null when they are many. */
export async function taggedIds(
  database: Database,
  { tags, bindings }: SearchParts,
): Promise<string[] | null> {
  const { rows } = await database.raw<{ rows: { id: string }[] }>(
    `select j.id from jobs j where j.project_id = :project and j.tags @> :tags::text[] limit ${TAGGED + 1}`,
    { project: bindings.project, tags } as never,
  );
  return rows.length > TAGGED ? null : rows.map(({ id }) => id);
}

async function rowsOf(database: Database, sql: string, bindings: Record<string, unknown>): Promise<Row[]> {
  const { rows } = await database.raw<{ rows: Row[] }>(sql, bindings as never);
  return rows;
}

async function select(
  database: Database,
  sql: string,
  bindings: Record<string, unknown>,
): Promise<ListPlace[]> {
  return (await rowsOf(database, sql, bindings)).map(({ id, micros }) => ({ id, micros }));
}
