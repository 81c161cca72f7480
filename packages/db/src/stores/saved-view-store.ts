import type { SavedView, SavedViewStore } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

const COLUMNS = 'v.id, v.name, v.q, v.user_id as "user", v.created_by as "createdBy"';

/** Of one project; a page that lists more helps nobody. */
const MOST = 1000;

const SAVE = `
  insert into saved_views as v (project_id, user_id, name, q, created_by)
  select :project, :user::int, :name, :q, :createdBy
  where (select count(*) from saved_views where project_id = :project) < ${MOST} or exists (
    select from saved_views o
    where o.project_id = :project and coalesce(o.user_id, 0) = coalesce(:user::int, 0) and o.name = :name)
  on conflict (project_id, coalesce(user_id, 0), name) do update set q = excluded.q, created_by = excluded.created_by
  returning ${COLUMNS}`;

export function createSavedViewStore(database: Database): SavedViewStore {
  async function rows(sql: string, bindings: Record<string, unknown>): Promise<SavedView[]> {
    return (await database.raw<{ rows: SavedView[] }>(sql, bindings as never)).rows;
  }
  return translated<SavedViewStore>({
    list: (project, user) =>
      rows(
        `select ${COLUMNS} from saved_views v
        where v.project_id = :project and (v.user_id is null or v.user_id = :user::int) order by v.name, v.id`,
        { project, user },
      ),
    async find(project, id) {
      const [found] = await rows(
        `select ${COLUMNS} from saved_views v where v.project_id = :project and v.id = :id`,
        {
          project,
          id,
        },
      );
      return found ?? null;
    },
    save: (actor, project, view) =>
      database.transaction(async (tx) => {
        const bindings = { project, ...view, createdBy: actor.name };
        const [saved] = (await tx.raw<{ rows: SavedView[] }>(SAVE, bindings as never)).rows;
        if (!saved) return null;
        const { id, name, q, user } = saved;
        const entry = {
          place: { project },
          object: `view ${id}`,
          after: { name, q, isShared: user === null },
        };
        await audit(tx, actor, { ...entry, action: 'view.saved' });
        return saved;
      }),
    remove: (actor, project, id) =>
      database.transaction(async (tx) => {
        const [gone] = await tx('saved_views')
          .where({ project_id: project, id })
          .delete()
          .returning(['name', 'q']);
        const entry = { place: { project }, object: `view ${id}`, before: gone ?? null };
        if (gone) await audit(tx, actor, { ...entry, action: 'view.removed' });
        return gone !== undefined;
      }),
  });
}
