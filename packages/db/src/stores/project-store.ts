import type { ProjectStore, QueueCounts } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { countersWhere } from '../reads/count-sql.ts';
import { changeSettings, readSettings } from './settings.ts';

/** Lengths of the queues of the projects that `where` names, from the counters. Units are those of the few that run. */
function queuesOf(where: string): string {
  return `
    select q.project, q.pending, q.running, q.finished, case when q.running = 0 then 0 else (
      select coalesce(sum(j.units), 0)::int from jobs j where j.project_id = q.project and j.state = 'running'
    ) end as "runningUnits"
    from (
      select c.project_id as project,
        coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0)::int as pending,
        coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0)::int as running,
        coalesce(sum(c.n) filter (where c.state = 'finished'), 0)::int as finished
      from (${countersWhere(where)}) c group by c.project_id
    ) q`;
}

const QUEUE_COUNTS = queuesOf('c.project_id = :project');

const BUSY = `${queuesOf('(:projects::int[] is null or c.project_id = any(:projects::int[]))')}
  where q.pending > 0 or q.running > 0 order by q.project`;

export function createProjectStore(database: Database): ProjectStore {
  return translated<ProjectStore>({
    settings: (project) => readSettings(database, { project, spider: 0 }),
    changeSettings: (actor, project, set, remove) =>
      changeSettings(database, actor, { project, spider: 0 }, { set, remove }),

    async queueCounts(project) {
      const { rows } = await database.raw<{ rows: QueueCounts[] }>(QUEUE_COUNTS, { project });
      return rows[0] ?? { project, pending: 0, running: 0, finished: 0, runningUnits: 0 };
    },

    async busyQueues(projects) {
      const { rows } = await database.raw<{ rows: QueueCounts[] }>(BUSY, { projects });
      return rows;
    },
  });
}
