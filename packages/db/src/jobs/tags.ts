import {
  type Actor,
  formatJobKey,
  type JobFilter,
  jobErrors,
  MAX_TAGS,
  type TagChange,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { whereJobs } from './filter-sql.ts';
import { MOST_NOTED } from './note.ts';
import { selectJobs } from './select.ts';

/** See JobStore.changeTags. */
export async function changeTags(
  database: Database,
  filter: JobFilter,
  change: TagChange,
  by: Actor,
): Promise<number> {
  const where = whereJobs(filter);
  const bindings = {
    ...where.bindings,
    addTags: [...new Set(change.add)],
    removeTags: change.remove,
    ifHasTag: change.ifHasTag ?? null,
    ifLacksTag: change.ifLacksTag ?? null,
    mostTags: MAX_TAGS,
  };
  if (filter.keys) await requireKeys(database, filter);
  const run = async (db: Database) => {
    const { rows } = await db.raw<{ rows: [ChangedRow] }>(changeTagsSql(where.sql), bindings);
    const [{ count, full }] = rows;
    if (full) throw jobErrors.tooManyTags(formatJobKey({ ...full, project: filter.project }), MAX_TAGS);
    if (count > 0) await note(db, filter, change, by, count);
    return count;
  };
  // All jobs of a project may be millions.
  return filter.keys ? database.transaction(run) : patiently(database, run);
}

interface ChangedRow {
  count: number;
  /** A job that would have too many tags: then none is changed. */
  full: { spider: number; job: number } | null;
}

function changeTagsSql(where: string): string {
  return `
  with selected as (
    select j.id, j.spider, j.number, j.tags from jobs j where ${where}
      and (:ifHasTag::text[] is null or j.tags && :ifHasTag)
      and (:ifLacksTag::text[] is null or not (j.tags && :ifLacksTag))
    order by j.id for no key update
  ),
  wanted as (
    select s.id, array(
      select t from (
        select u.t, u.n from unnest(s.tags) with ordinality u (t, n) where u.t <> all(:removeTags::text[])
        union all
        select a.t, 1000000 + a.n from unnest(:addTags::text[]) with ordinality a (t, n)
        where a.t <> all(s.tags) or a.t = any(:removeTags::text[])
      ) both_lists order by n
    ) as tags
    from selected s
  ),
  full_ones as (
    select s.spider, s.number from selected s cross join lateral (
      select cardinality(s.tags)
        - (select count(*) from unnest(s.tags) t where t = any(:removeTags::text[]))
        + (select count(*) from unnest(:addTags::text[]) t where t <> all(s.tags) or t = any(:removeTags::text[])) as tags
    ) coming
    where cardinality(s.tags) + cardinality(:addTags::text[]) > :mostTags
      and coming.tags > greatest(:mostTags, cardinality(s.tags))
    limit 1
  ),
  changed as (
    update jobs j set tags = w.tags from wanted w
    where j.id = w.id and j.tags <> w.tags and not exists (select from full_ones)
  )
  select count(*)::int as count,
    (select json_build_object('spider', f.spider, 'job', f.number) from full_ones f) as full
  from selected`;
}

/** Which jobs were meant is in the words of who meant them: to name millions helps nobody. */
async function note(
  db: Database,
  filter: JobFilter,
  change: TagChange,
  by: Actor,
  count: number,
): Promise<void> {
  const { project, keys, ...where } = filter;
  const [first] = keys ?? [];
  const meant = keys ? { jobs: keys.slice(0, MOST_NOTED).map(formatJobKey) } : { where };
  await audit(db, by, {
    action: 'jobs.tagged',
    place: { project },
    object: first && keys?.length === 1 ? `job ${formatJobKey(first)}` : `${count} jobs`,
    before: meant,
    after: { ...change },
  });
}

/** A key that exists now may only go when its job was deleted long ago, and then it counts no more. */
async function requireKeys(db: Database, { project, keys = [] }: JobFilter): Promise<void> {
  const { sql, bindings } = selectJobs({ project, keys, strict: true });
  const { rows } = await db.raw<{ rows: { spider: number; number: number }[] }>(
    `${sql} select spider, number from missing`,
    bindings,
  );
  const [gone] = rows;
  if (gone) throw jobErrors.notFound(formatJobKey({ project, spider: gone.spider, job: gone.number }));
}
