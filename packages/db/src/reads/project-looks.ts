import type { ProjectLooks } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { keyBindings, NOT_DELETED } from '../jobs/filter-sql.ts';
import { JOB_COLUMNS, JOB_TABLES, type JobRow, toJob } from '../jobs/rows.ts';
import { translated } from '../pg-errors.ts';
import { countersWhere } from './count-sql.ts';

/** Running jobs of a look. */
const MOST = 200;

const LOOK = `
  with meant as materialized (
    select j.id from jobs j where j.project_id = :project and ${NOT_DELETED}
      and (j.spider, j.number) in (select * from unnest(:keySpiders::int[], :keyNumbers::int[]))
    union
    (select j.id from jobs j where :isActive::boolean and j.project_id = :project and j.state = 'running'
      order by j.state_since desc, j.id desc limit ${MOST})
  ),
  counted as materialized (
    select coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0) as now_pending,
      coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0) as now_running
    from (${countersWhere("c.project_id = :project and c.state in ('pending', 'admitted', 'running', 'outside')")}) c
  )
  select counted.*, found.* from counted left join (
    select ${JOB_COLUMNS} from ${JOB_TABLES}
    where j.project_id = :project and j.id = any(array(select id from meant))
  ) found on true`;

type LookRow = JobRow & { now_pending: string; now_running: string };

export function createProjectLooks(database: Database): ProjectLooks {
  return translated<ProjectLooks>({
    async look(project, { keys, isActive }) {
      const bindings = { project, isActive, ...keyBindings(project, keys) };
      const { rows } = await database.raw<{ rows: LookRow[] }>(LOOK, bindings);
      return {
        pending: Number(rows[0]?.now_pending ?? 0),
        running: Number(rows[0]?.now_running ?? 0),
        jobs: rows.filter(({ id }) => id !== null).map(toJob),
      };
    },
  });
}
