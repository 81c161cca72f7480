import { type JobqView, NO_TURNS } from '@spiderhub/core';
import type { Database } from '../database.ts';
import {
  type DetailRow,
  JOB_COLUMNS,
  JOB_TABLES,
  type JobRow,
  SHOWN_DETAIL_COLUMNS,
  toJob,
  toJobDetails,
} from '../jobs/rows.ts';
import { translated } from '../pg-errors.ts';
import { isDeep, NEWEST_FIRST, pageSql } from './page-sql.ts';

const LAST_FINISHED = `
  select ${JOB_COLUMNS} from ${JOB_TABLES}
  where j.id = any(array(
    select last.id from spiders k
    cross join lateral (
      select f.id from jobs f where f.project_id = k.project_id and f.spider = k.number and f.state = 'finished'
      order by f.state_since desc, f.id desc limit 1
    ) last
    where k.project_id = :project and (:spider::int is null or k.number = :spider::int)
      and (:afterSpider::int is null or k.number > :afterSpider::int)
    order by k.number limit :count offset :offset
  ))
  order by j.spider`;

const BY_KEY = `
  select ${JOB_COLUMNS} from ${JOB_TABLES}
  where j.project_id = :project and j.state <> 'deleted' and (:spider::int is null or j.spider = :spider::int)
    and (j.spider, j.number) > (:afterSpider::int, :afterJob::int)
  order by j.spider, j.number limit :limit`;

/** See createJobView. */
export function createJobqView(database: Database, searches = database, turns = NO_TURNS): JobqView {
  return translated<JobqView>({
    async details(filter, page) {
      const { sql, bindings } = pageSql(filter, page);
      const [turn, pool] = isDeep(page) ? [turns.searches, searches] : [turns.lists, database];
      const { rows } = await turn.run(filter.project, () =>
        pool.raw<{ rows: DetailRow[] }>(
          `select ${JOB_COLUMNS}, ${SHOWN_DETAIL_COLUMNS} from ${JOB_TABLES} where j.id = any(array(${sql})) ${NEWEST_FIRST}`,
          bindings as never,
        ),
      );
      return rows.map(toJobDetails);
    },

    async lastFinished(project, { spider = null, afterSpider = null, count = null, offset = 0 } = {}) {
      const bindings = { project, spider, afterSpider, count, offset };
      const { rows } = await turns.lists.run(project, () =>
        database.raw<{ rows: JobRow[] }>(LAST_FINISHED, bindings as never),
      );
      return rows.map(toJob);
    },

    async byKey(project, spider, after, limit) {
      const { rows } = await database.raw<{ rows: JobRow[] }>(BY_KEY, {
        project,
        spider,
        afterSpider: after?.spider ?? 0,
        afterJob: after?.job ?? 0,
        limit,
      });
      return rows.map(toJob);
    },
  });
}
