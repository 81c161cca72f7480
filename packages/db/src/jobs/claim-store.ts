import { type ClaimStore, type Consumption, DomainError } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { keyBindings, whereJobs } from './filter-sql.ts';
import { JOB_COLUMNS, JOB_TABLES, type JobRow, toJob } from './rows.ts';

const HELD = `
  with wanted as (
    select j.id, j.tags from jobs j
    join (select distinct * from unnest(:keySpiders::int[], :keyNumbers::int[])) as w (spider, number)
      using (spider, number)
    where j.project_id = :project and j.state = 'finished'
    order by j.id for no key update of j
  ),
  held as (
    select w.id from wanted w
    where exists (select from job_claims c where c.job_id = w.id and c.tag = :tag and c.worker = :worker)
  ),
  done as (select w.id from wanted w where w.tags @> array[:tag]::text[])`;

// A job of the list that is neither held by this worker nor tagged already stops the whole acknowledgement.
const ACK = `${HELD},
  complete as (
    select (select count(*) from held) + (select count(*) from done where id not in (select id from held))
      = (select count(distinct (s, n)) from unnest(:keySpiders::int[], :keyNumbers::int[]) as k (s, n)) as yes
  ),
  tagged as (
    update jobs j set tags = j.tags || array[:tag]::text[]
    from held, complete where complete.yes and j.id = held.id and not (j.tags @> array[:tag]::text[])
    returning j.id
  ),
  ended as (
    delete from job_claims c using held, complete
    where complete.yes and c.job_id = held.id and c.tag = :tag and c.worker = :worker
  )
  select (select yes from complete) as complete, (select count(*)::int from tagged) as count`;

const RELEASE = `${HELD},
  ended as (
    delete from job_claims c using held where c.job_id = held.id and c.tag = :tag and c.worker = :worker
    returning c.job_id
  )
  select count(*)::int as count from ended`;

function bindingsOf({ project, keys, tag, worker }: Consumption): Record<string, unknown> {
  return { project, tag, worker, ...keyBindings(project, keys) };
}

export function createClaimStore(database: Database): ClaimStore {
  return translated<ClaimStore>({
    async claim({ filter, tag, count, leaseMs, worker }) {
      const where = whereJobs({
        ...filter,
        states: ['finished'],
        lacksTag: [...new Set([...(filter.lacksTag ?? []), tag])],
      });
      // Two claimants that meet at the same job: the second one's insert finds the first one's claim and yields.
      const { rows } = await database.raw<{ rows: JobRow[] }>(
        `with free as (
          select j.id from jobs j
          where ${where.sql} and not exists (
            select from job_claims c where c.job_id = j.id and c.tag = :tag and c.lease_until > now())
          order by j.state_since, j.id
          limit :count
          for no key update of j skip locked
        ),
        claimed as (
          insert into job_claims as c (job_id, tag, project_id, worker, lease_until)
          select free.id, :tag, :project, :worker, now() + :leaseMs * interval '1 ms' from free
          on conflict (job_id, tag) do update set worker = excluded.worker, lease_until = excluded.lease_until
          where c.lease_until <= now()
          returning c.job_id
        )
        select ${JOB_COLUMNS} from ${JOB_TABLES} join claimed on claimed.job_id = j.id
        order by j.state_since, j.id`,
        { ...where.bindings, tag, count, leaseMs, worker },
      );
      return rows.map(toJob);
    },

    async ack(consumption) {
      const { rows } = await database.raw<{ rows: [{ complete: boolean; count: number }] }>(
        ACK,
        bindingsOf(consumption),
      );
      if (!rows[0].complete) {
        throw new DomainError(
          'conflict',
          'not_held',
          `worker: ${consumption.worker} does not hold all of these jobs`,
        );
      }
      return rows[0].count;
    },

    async release(consumption) {
      const { rows } = await database.raw<{ rows: [{ count: number }] }>(RELEASE, bindingsOf(consumption));
      return rows[0].count;
    },
  });
}
