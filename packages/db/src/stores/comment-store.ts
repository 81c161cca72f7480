import type { Comment, CommentStore, CommentTarget } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface CommentRow {
  id: string;
  project_id: number;
  spider: number;
  number: number;
  item: string;
  field: string | null;
  text: string;
  created_by: string;
  created_at: Date;
  archived_at: Date | null;
}

const COLUMNS = `c.id, j.project_id, j.spider, j.number, c.item, c.field, c.text, c.created_by, c.created_at,
  c.archived_at`;

const TARGET = `j.project_id = :project and j.spider = :spider and j.number = :job
  and (:item::bigint is null or c.item = :item::bigint) and (:field::text is null or c.field = :field::text)`;

const ADD = `
  with c as (
    insert into comments (job_id, item, field, text, created_by)
    select id, :item, :field, :text, :by from jobs
    where project_id = :project and spider = :spider and number = :job
    returning *
  )
  select ${COLUMNS} from c join jobs j on j.id = c.job_id`;

export function createCommentStore(database: Database): CommentStore {
  async function select(sql: string, bindings: Record<string, unknown>): Promise<Comment[]> {
    const { rows } = await database.raw<{ rows: CommentRow[] }>(sql, bindings);
    return rows.map(toComment);
  }

  return translated<CommentStore>({
    async add(target, text, by) {
      return (await select(ADD, { ...bindingsOf(target), text, by }))[0] ?? null;
    },
    async find(id) {
      const sql = `select ${COLUMNS} from comments c join jobs j on j.id = c.job_id where c.id = :id`;
      return (await select(sql, { id }))[0] ?? null;
    },
    list: (target) =>
      select(
        `select ${COLUMNS} from comments c join jobs j on j.id = c.job_id
        where ${TARGET} and c.archived_at is null order by c.id`,
        bindingsOf(target),
      ),
    async edit(id, text) {
      await database('comments').where({ id }).update({ text });
    },
    async archive(id, by) {
      await database.raw(
        'update comments set archived_at = now(), archived_by = :by where id = :id and archived_at is null',
        { id, by },
      );
    },
    async archiveAll(target, by) {
      await database.raw(
        `update comments c set archived_at = now(), archived_by = :by from jobs j
        where j.id = c.job_id and ${TARGET} and c.archived_at is null`,
        { ...bindingsOf(target), by },
      );
    },
    async itemCounts(project) {
      const { rows } = await database.raw<{ rows: { spider: number; number: number; items: number }[] }>(
        `select j.spider, j.number, count(distinct c.item)::int as items
        from comments c join jobs j on j.id = c.job_id
        where j.project_id = :project and c.archived_at is null group by 1, 2 order by 1, 2`,
        { project },
      );
      return rows.map(({ spider, number, items }) => ({ job: { project, spider, job: number }, items }));
    },
  });
}

function bindingsOf({ job, item, field }: CommentTarget): Record<string, unknown> {
  return { ...job, item: item ?? null, field: field ?? null };
}

function toComment(row: CommentRow): Comment {
  return {
    id: Number(row.id),
    job: { project: row.project_id, spider: row.spider, job: row.number },
    item: Number(row.item),
    field: row.field,
    text: row.text,
    author: row.created_by,
    createdAt: row.created_at,
    archivedAt: row.archived_at,
  };
}
