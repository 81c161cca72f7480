import type { ActivityEvent, ActivityStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface EventRow {
  id: string;
  project_id: number;
  ts: Date;
  event: string;
}

/** The events that a project's activity shows; its clients know no others. */
const SHOWN = `('project.reported', 'job.scheduled', 'job.started', 'job.finished', 'job.cancelled', 'job.deleted')`;

const PAGE = `
  select id, project_id, ts,
    case type when 'project.reported' then data else json_build_object(
      'job', concat_ws('/', project_id, spider, job),
      'event', 'job:' || case type when 'job.finished' then 'completed' else substr(type, 5) end,
      'user', actor)::text end as event
  from events
  where project_id = :project and (:before::bigint is null or id < :before::bigint) and type in ${SHOWN}
  order by id desc limit :limit`;

export function createActivityStore(database: Database): ActivityStore {
  return translated<ActivityStore>({
    async add(project, events) {
      if (events.length === 0) return;
      await database.raw(
        `insert into events (project_id, type, data)
        select :project, 'project.reported', e.event from unnest(:events::text[]) with ordinality e (event, nth) order by e.nth`,
        { project, events: [...events] },
      );
    },

    async page(project, before, limit) {
      const { rows } = await database.raw<{ rows: EventRow[] }>(PAGE, { project, before, limit });
      return rows.map(
        (row): ActivityEvent => ({
          id: Number(row.id),
          project: row.project_id,
          ts: row.ts.getTime(),
          event: row.event,
        }),
      );
    },
  });
}
