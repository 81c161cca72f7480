import type {
  AttemptStore,
  Confirmed,
  EndAnswer,
  FinishReport,
  JobPolicyChange,
  StopLevel,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import {
  DETAIL_COLUMNS,
  type DetailRow,
  JOB_COLUMNS,
  JOB_TABLES,
  type LostRow,
  toJobDetails,
  toLostAttempt,
} from './rows.ts';

// Winning this update is the only thing that lets a crawl start. Asking again after a broken connection is fine. The version is chosen here: the newest deployment,
// or what Scrapyd's rule made of it.
const CLAIM = `
  update jobs j set
    state = 'running', state_since = now(), worker = :worker, lease_until = now() + :leaseMs * interval '1 ms',
    running_at = now(), started_by = 'jobrunner',
    version = coalesce(j.version, (
      select v.name from versions v join projects p on p.id = v.project_id
      where v.project_id = j.project_id
      order by v.name is not distinct from p.latest_version desc, v.deployed_at desc limit 1))
  where j.id = :id and j.attempt = :attempt and not j.external
    and (j.state = 'admitted' or (j.state = 'running' and j.worker = :worker))
  returning j.id`;

const HEARTBEAT = `
  update jobs j set
    lease_until = now() + :leaseMs * interval '1 ms',
    items = b.items, pages = b.pages, logs = b.logs, errors = b.errors
  from unnest(:ids::bigint[], :attempts::int[], :items::bigint[], :pages::bigint[], :logs::bigint[],
    :errors::bigint[]) as b (id, attempt, items, pages, logs, errors)
  where j.id = b.id and j.attempt = b.attempt and j.state = 'running' and j.worker = :worker
  returning j.id, j.attempt, j.stop_requested_at is not null as stop_requested, j.stop_level`;

const FINISH = `
  select end_attempt(:id, :attempt, :closeReason, :exitStatus, :items, :pages, :logs, :errors, :scrapyStats, false)
    as answer`;

const ADOPT = `
  update jobs j set worker = :worker, lease_until = now() + :leaseMs * interval '1 ms'
  where j.id = :id and j.attempt = :attempt and j.state = 'running' and not j.external
  returning j.id`;

// The last beat of a worker that died tells less than it stored.
const RECOUNT = `
  with ended as (
    update job_attempts set items = :items, pages = :pages, logs = :logs, errors = :errors
    where job_id = :id and attempt = :attempt
  ), counted as (
    update jobs set items = :items, pages = :pages, logs = :logs, errors = :errors
    where id = :id and attempt = :attempt and state = 'finished' and not external
    returning id
  )
  update job_details d set scrapy_stats = coalesce(:scrapyStats::text, d.scrapy_stats)
  from counted c where d.job_id = c.id`;

interface ConfirmedRow {
  id: string;
  attempt: number;
  stop_requested: boolean;
  stop_level: StopLevel;
}

export function createAttemptStore(database: Database): AttemptStore {
  /** The whole job, once `guarded` (one guarded update) won it. */
  async function won(guarded: string, bindings: { id: number } & Record<string, unknown>) {
    const { rows: winners } = await database.raw<{ rows: unknown[] }>(guarded, bindings);
    if (winners.length === 0) return null;
    const { rows } = await database.raw<{ rows: (DetailRow & { policy: JobPolicyChange })[] }>(
      `select ${JOB_COLUMNS}, ${DETAIL_COLUMNS}, policy_of(j.project_id, j.spider) as policy from ${JOB_TABLES} where j.id = :id`,
      { id: bindings.id },
    );
    return rows[0] ? { ...toJobDetails(rows[0]), policy: rows[0].policy } : null;
  }

  return translated<AttemptStore>({
    async register({ id, host, slots }) {
      await database('workers')
        .insert({ id, host, slots })
        .onConflict('id')
        .merge({ slots, seen_at: database.fn.now() });
    },

    async unregister(workerId) {
      await database('workers').where({ id: workerId }).delete();
    },

    claim: (id, attempt, worker, leaseMs) => won(CLAIM, { id, attempt, worker, leaseMs }),
    adopt: (id, attempt, worker, leaseMs) => won(ADOPT, { id, attempt, worker, leaseMs }),

    async heartbeat(worker, beats, leaseMs) {
      await database('workers').where({ id: worker }).update({ seen_at: database.fn.now() });
      if (beats.length === 0) return [];
      const { rows } = await database.raw<{ rows: ConfirmedRow[] }>(HEARTBEAT, {
        worker,
        leaseMs,
        ids: beats.map((beat) => beat.id),
        attempts: beats.map((beat) => beat.attempt),
        items: beats.map((beat) => beat.counts.items),
        pages: beats.map((beat) => beat.counts.pages),
        logs: beats.map((beat) => beat.counts.logs),
        errors: beats.map((beat) => beat.counts.errors),
      });
      return rows.map(
        (row): Confirmed => ({
          id: Number(row.id),
          attempt: row.attempt,
          stopRequested: row.stop_requested,
          stopLevel: row.stop_level,
        }),
      );
    },

    async saveStats(id, attempt, scrapyStats) {
      await database.raw(
        `update job_details d set scrapy_stats = :scrapyStats
        from jobs j where j.id = d.job_id and j.id = :id and j.attempt = :attempt and j.state = 'running'`,
        { id, attempt, scrapyStats },
      );
    },

    async finish(id, attempt, { closeReason, counts, scrapyStats, exitStatus }: FinishReport) {
      const { rows } = await database.raw<{ rows: [{ answer: EndAnswer }] }>(FINISH, {
        id,
        attempt,
        closeReason,
        scrapyStats,
        exitStatus: exitStatus ?? null,
        ...counts,
      });
      return rows[0].answer;
    },

    async findEnded(id, attempt) {
      const { rows } = await database.raw<{ rows: LostRow[] }>(
        `select j.id, a.attempt, j.project_id as project, j.spider, j.number as job
        from job_attempts a join jobs j on j.id = a.job_id
        where j.id = :id and a.attempt = :attempt and j.state <> 'deleted'`,
        { id, attempt },
      );
      return rows[0] ? toLostAttempt(rows[0]) : null;
    },

    async recount({ id, attempt }, counts, scrapyStats) {
      await database.raw(RECOUNT, { id, attempt, ...counts, scrapyStats });
    },
  });
}
