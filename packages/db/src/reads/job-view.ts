import type { EndedAttempt, Job, JobFilter, JobView } from '@spiderhub/core';
import type { Knex } from 'knex';
import type { Database } from '../database.ts';
import { whereJobs } from '../jobs/filter-sql.ts';
import {
  DETAIL_COLUMNS,
  type DetailRow,
  JOB_COLUMNS,
  JOB_TABLES,
  type JobRow,
  toJob,
  toJobDetails,
} from '../jobs/rows.ts';
import { fromPostgres, translated } from '../pg-errors.ts';
import { NEWEST_FIRST, pageSql } from './page-sql.ts';

export function createJobView(database: Database): JobView {
  return translated<JobView>({
    async page(filter, { count, offset }) {
      const page = pageSql(filter, { count: Math.abs(count), offset: count < 0 ? 0 : offset });
      const { rows } = await database.raw<{ rows: JobRow[] }>(
        `select ${JOB_COLUMNS} from ${JOB_TABLES} where j.id = any(array(${page.sql})) ${NEWEST_FIRST}`,
        page.bindings as never,
      );
      return rows.map(toJob);
    },

    async count(filter) {
      const where = whereJobs(filter);
      const { rows } = await database.raw<{ rows: [{ count: string }] }>(
        `select count(*) from jobs j where ${where.sql}`,
        where.bindings,
      );
      return Number(rows[0].count);
    },

    async stream(filter, page) {
      // One snapshot for the total and the rows; the transaction ends with the iteration, however that ends.
      const tx = await database.transaction({ isolationLevel: 'repeatable read', readOnly: true });
      try {
        const where = whereJobs(filter);
        const { rows } = await tx.raw<{ rows: [{ count: string }] }>(
          `select count(*) from jobs j where ${where.sql}`,
          where.bindings,
        );
        return { total: Number(rows[0].count), jobs: rowsOf(tx, filter, page) };
      } catch (error) {
        await tx.rollback();
        throw error;
      }
    },

    async attempts(key) {
      const { rows } = await database.raw<{ rows: (AttemptRow | { attempt: null })[] }>(
        `select a.* from jobs j left join job_attempts a on a.job_id = j.id
        where j.project_id = :project and j.spider = :spider and j.number = :job order by a.attempt`,
        { ...key },
      );
      return rows.length === 0 ? null : rows.flatMap((row) => (row.attempt === null ? [] : [toAttempt(row)]));
    },

    async find(key) {
      const { rows } = await database.raw<{ rows: DetailRow[] }>(
        `select ${JOB_COLUMNS}, ${DETAIL_COLUMNS} from ${JOB_TABLES}
        where j.project_id = :project and j.spider = :spider and j.number = :job`,
        { ...key },
      );
      return rows[0] ? toJobDetails(rows[0]) : null;
    },
  });
}

interface AttemptRow {
  attempt: number;
  started_at: Date | null;
  ended_at: Date;
  close_reason: string;
  exit_status: string | null;
  items: string;
  pages: string;
  logs: string;
  errors: string;
}

function toAttempt(row: AttemptRow): EndedAttempt {
  return {
    attempt: row.attempt,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    closeReason: row.close_reason,
    exitStatus: row.exit_status,
    counts: {
      items: Number(row.items),
      pages: Number(row.pages),
      logs: Number(row.logs),
      errors: Number(row.errors),
    },
  };
}

async function* rowsOf(
  tx: Knex.Transaction,
  filter: JobFilter,
  page: { count?: number; offset?: number },
): AsyncGenerator<Job> {
  try {
    const where = whereJobs(filter);
    const rows = tx
      .raw(
        `select ${JOB_COLUMNS} from ${JOB_TABLES} where ${where.sql} ${NEWEST_FIRST} limit :count offset :offset`,
        { ...where.bindings, count: page.count ?? null, offset: page.offset ?? 0 },
      )
      .stream({ highWaterMark: 500 });
    for await (const row of rows) yield toJob(row as JobRow);
  } catch (error) {
    throw fromPostgres(error);
  } finally {
    await tx.rollback();
  }
}
