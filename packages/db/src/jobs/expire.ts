/** Spiders with a limit of their own or their project's, in order. */
export const KEPT_SPIDERS = `
  select s.project_id as project, s.number as spider, (r.words ->> 'days')::float8 as days,
    (r.words ->> 'count')::int as count,
    array(select jsonb_array_elements_text(coalesce(r.words -> 'keepTags', '[]'))) as "keepTags"
  from spiders s
  join projects p on p.id = s.project_id
  cross join lateral (select p.retention || s.retention as words) r
  where (s.project_id, s.number) > (:afterProject::int, :afterSpider::int)
    and (r.words ->> 'days' is not null or r.words ->> 'count' is not null)
  order by s.project_id, s.number limit :limit`;

const FREE = `j.project_id = :project and j.spider = :spider and j.state = 'finished'
  and not (j.tags && :keepTags::text[])`;

/**
 * Finished jobs of one spider at and behind an edge: the first one that is too old, or the first one beyond the count,
 * whichever is newer. The list of a spider's jobs, newest first, is an index.
 */
export const EXPIRE = `
  with edge as materialized (
    select e.since, e.id from (
      select now() - :days::float8 * interval '1 day' as since, 0::bigint as id where :days::float8 is not null
      union all
      (select j.state_since, j.id from jobs j where ${FREE} and :count::bigint is not null
       order by j.state_since desc, j.id desc offset :count::bigint limit 1)
    ) e order by e.since desc, e.id desc limit 1
  ),
  beyond as (
    select j.id from edge e join jobs j on (j.state_since, j.id) <= (e.since, e.id)
    where ${FREE}
      and not exists (select from job_claims c where c.job_id = j.id and c.lease_until > now())
    order by j.state_since, j.id limit :limit for no key update of j skip locked
  ),
  changed as (
    update jobs j set state = 'deleted', state_since = now(), deleted_at = now(), deleted_by = :by
    from beyond b where j.id = b.id and j.state = 'finished'
    returning j.id
  )
  select count(*)::int as count from changed`;
