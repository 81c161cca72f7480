import {
  type EndedAttempt,
  type JobFilter,
  type JobView,
  NO_TURNS,
  type PageRequest,
  type Turn,
} from '@spiderhub/core';
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
import { countJobs } from './count-sql.ts';
import { jobKeys } from './job-keys.ts';
import { streamJobs } from './job-stream.ts';
import { isDeep, NEWEST_FIRST, pageSql } from './page-sql.ts';

/**
 * `searches` has connections for reads that may take long: deep offsets, and counts that have to look at jobs. `turns`: where
 * reads of the same organisation wait for each other.
 */
export function createJobView(database: Database, searches = database, turns = NO_TURNS): JobView {
  return translated<JobView>({
    async page(filter, { count, offset }) {
      const wanted = { count: Math.abs(count), offset: count < 0 ? 0 : offset };
      const page = pageSql(filter, wanted);
      const [turn, pool] = isDeep(wanted) ? [turns.searches, searches] : [turns.lists, database];
      const { rows } = await turn.run(filter.project, () =>
        pool.raw<{ rows: JobRow[] }>(
          `select ${JOB_COLUMNS} from ${JOB_TABLES} where j.id = any(array(${page.sql})) ${NEWEST_FIRST}`,
          page.bindings as never,
        ),
      );
      return rows.map(toJob);
    },

    keys: async (filter, page) =>
      jobKeys(filter, page, (one, work) =>
        isDeep(one)
          ? turns.searches.run(filter.project, () => work(searches))
          : turns.lists.run(filter.project, () => work(database)),
      ),

    count: (filter) => countJobs(database, filter, { searches, turns }),
    stream: (filter, page) => streamInTurn(turns.downloads, database, filter, page),

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
        `select ${JOB_COLUMNS}, ${SHOWN_DETAIL_COLUMNS} from ${JOB_TABLES}
        where j.project_id = :project and j.spider = :spider and j.number = :job`,
        { ...key },
      );
      return rows[0] ? toJobDetails(rows[0]) : null;
    },
  });
}

/** A download keeps its place, as its connection, until it ends. */
async function streamInTurn(
  turn: Turn,
  database: Database,
  filter: JobFilter,
  page: Partial<PageRequest>,
): ReturnType<JobView['stream']> {
  const leave = await turn.enter(filter.project);
  try {
    const { total, jobs } = await streamJobs(database, filter, page);
    return { total, jobs: until(jobs, leave) };
  } catch (error) {
    leave();
    throw error;
  }
}

async function* until<T>(source: AsyncGenerator<T>, leave: () => void): AsyncGenerator<T> {
  try {
    yield* source;
  } finally {
    leave();
  }
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
