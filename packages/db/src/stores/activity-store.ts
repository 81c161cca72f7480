import type { ActivityEvent, ActivityStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface EventRow {
  id: string;
  project_id: number;
  ts: Date;
  event: string;
}

export function createActivityStore(database: Database): ActivityStore {
  return translated<ActivityStore>({
    async add(project, events) {
      if (events.length === 0) return;
      await database.raw(
        `insert into activity (project_id, event)
        select :project, e.event from unnest(:events::text[]) with ordinality e (event, nth) order by e.nth`,
        { project, events: [...events] },
      );
    },

    async page(project, before, limit) {
      const { rows } = await database.raw<{ rows: EventRow[] }>(
        `select id, project_id, ts, coalesce(event, json_build_object(
            'job', concat_ws('/', project_id, spider, job), 'event', 'job:' || what, 'user', who)::text) as event
        from activity
        where project_id = :project and (:before::bigint is null or id < :before::bigint)
        order by id desc limit :limit`,
        { project, before, limit },
      );
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
