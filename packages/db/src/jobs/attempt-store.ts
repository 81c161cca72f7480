import {
  type AttemptStore,
  type Confirmed,
  DEFAULT_POLICY,
  type EndAnswer,
  type JobPolicyChange,
  limitsOfOrganisation,
  limitsOfProject,
  NO_LIMITS,
  policyWithin,
  type ServiceLimits,
  type SetLimits,
  type StopLevel,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { GUARDS } from './guards.ts';
import {
  DETAIL_COLUMNS,
  type DetailRow,
  JOB_COLUMNS,
  JOB_TABLES,
  type LostRow,
  toJobDetails,
  toLostAttempt,
} from './rows.ts';
import { statesSql } from './select.ts';

// Winning this update is the only thing that lets a crawl start. Asking again after a broken connection is fine.
// The version is chosen here: the newest deployment, or what Scrapyd's rule made of it.
const CLAIM = `
  with won as (
    update jobs j set
      state = 'running', state_since = now(), worker = :worker, running_at = now(), started_by = 'jobrunner',
      version = coalesce(j.version, (
        select v.name from versions v join projects p on p.id = v.project_id
        where v.project_id = j.project_id
        order by v.name is not distinct from p.latest_version desc, v.deployed_at desc limit 1))
    where j.id = :id and j.attempt = :attempt and not j.external
      and (j.state in (${statesSql('claim')}) or (j.state = 'running' and j.worker = :worker))
    returning j.id, j.attempt
  )
  insert into leases (job_id, attempt, worker, until)
  select won.id, won.attempt, :worker, now() + :leaseMs * interval '1 ms' from won
  on conflict (job_id) do update set attempt = excluded.attempt, worker = excluded.worker, until = excluded.until
  returning job_id`;

// Adopting locks the job before its lease, as ending an attempt does.
const ADOPT = `
  with won as (
    update jobs j set worker = :worker
    where j.id = :id and j.attempt = :attempt and j.state = 'running' and not j.external
    returning j.id
  )
  update leases l set worker = :worker, until = now() + :leaseMs * interval '1 ms'
  from won where l.job_id = won.id
  returning l.job_id`;

// The worker's own life sign and all of its leases. In one order, so that it never waits for the reaper in a circle.
const HEARTBEAT = `
  with seen as (update workers set seen_at = now() where id = :worker),
  kept as (
    update leases l set until = now() + :leaseMs * interval '1 ms',
      items = b.items, pages = b.pages, logs = b.logs, errors = b.errors
    from unnest(:ids::bigint[], :attempts::int[], :items::bigint[], :pages::bigint[], :logs::bigint[],
      :errors::bigint[]) as b (id, attempt, items, pages, logs, errors)
    where l.job_id = b.id and (${GUARDS.fencing})
    returning l.job_id, l.attempt
  )
  select k.job_id as id, k.attempt, j.stop_requested_at is not null as stop_requested, j.stop_level
  from kept k join jobs j on j.id = k.job_id`;

const FINISH = `
  select end_attempt(:id, :attempt,
    row(:closeReason::text, :exitStatus::text, :items::bigint, :pages::bigint, :logs::bigint, :errors::bigint,
      :scrapyStats::text)::attempt_report,
    :defaults::jsonb, false) as answer`;

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

interface Treatment {
  policy: JobPolicyChange;
  of_organisation: SetLimits;
  of_project: SetLimits;
}

const LIMITS = `
  (select o.limits from projects p join organisations o on o.id = p.organisation_id where p.id = j.project_id) as of_organisation,
  (select p.limits from projects p where p.id = j.project_id) as of_project`;

interface Where {
  database: Database;
  defaults: ServiceLimits;
}

/** The whole job, once `guarded` (one guarded statement) won it. */
async function won(
  { database, defaults }: Where,
  guarded: string,
  bindings: { id: number } & Record<string, unknown>,
) {
  const { rows: winners } = await database.raw<{ rows: unknown[] }>(guarded, bindings);
  if (winners.length === 0) return null;
  const { rows } = await database.raw<{ rows: (DetailRow & Treatment)[] }>(
    `select ${JOB_COLUMNS}, ${DETAIL_COLUMNS}, policy_of(j.project_id, j.spider, :defaults::jsonb) as policy, ${LIMITS}
    from ${JOB_TABLES} where j.id = :id`,
    { id: bindings.id, defaults: DEFAULT_POLICY },
  );
  const [row] = rows;
  if (!row) return null;
  const { policy, of_organisation, of_project } = row;
  const ofOrganisation = limitsOfOrganisation(of_organisation, defaults);
  const limits = [ofOrganisation, limitsOfProject(of_project, ofOrganisation)];
  return { ...toJobDetails(row), policy: policyWithin(policy, limits) };
}

/** `defaults`: what organisations may have for which nothing else was set. */
export function createAttemptStore(database: Database, defaults: ServiceLimits = NO_LIMITS): AttemptStore {
  const where = { database, defaults };
  return translated<AttemptStore>({
    async register({ id, host, slots, isolation = null }) {
      await database('workers')
        .insert({ id, host, slots, isolation: isolation && JSON.stringify(isolation) })
        .onConflict('id')
        .merge({ slots, seen_at: database.fn.now() });
    },

    async unregister(workerId) {
      await database('workers').where({ id: workerId }).delete();
    },

    claim: (id, attempt, worker, leaseMs) => won(where, CLAIM, { id, attempt, worker, leaseMs }),
    adopt: (id, attempt, worker, leaseMs) => won(where, ADOPT, { id, attempt, worker, leaseMs }),

    async heartbeat(worker, beats, leaseMs) {
      const ordered = [...beats].sort((a, b) => a.id - b.id);
      const { rows } = await database.raw<{ rows: ConfirmedRow[] }>(HEARTBEAT, {
        worker,
        leaseMs,
        ids: ordered.map((beat) => beat.id),
        attempts: ordered.map((beat) => beat.attempt),
        items: ordered.map((beat) => beat.counts.items),
        pages: ordered.map((beat) => beat.counts.pages),
        logs: ordered.map((beat) => beat.counts.logs),
        errors: ordered.map((beat) => beat.counts.errors),
      });
      return rows.map(toConfirmed);
    },

    async saveStats(id, attempt, scrapyStats) {
      await database.raw(
        `update job_details d set scrapy_stats = :scrapyStats
        from jobs j where j.id = d.job_id and j.id = :id and j.attempt = :attempt and j.state = 'running'`,
        { id, attempt, scrapyStats },
      );
    },

    async note(id, attempt, name, json) {
      await database.raw(
        `insert into job_meta (job_id, name, value)
        select id, :name, :json from jobs where id = :id and attempt = :attempt and state = 'running'
        on conflict (job_id, name) do update set value = excluded.value`,
        { id, attempt, name, json },
      );
    },

    async finish(id, attempt, { closeReason, counts, scrapyStats, exitStatus = null }) {
      const report = { closeReason, exitStatus, ...counts, scrapyStats };
      const bindings = { id, attempt, ...report, defaults: DEFAULT_POLICY };
      const { rows } = await database.raw<{ rows: [{ answer: EndAnswer }] }>(FINISH, bindings as never);
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

function toConfirmed({ id, attempt, stop_requested, stop_level }: ConfirmedRow): Confirmed {
  return { id: Number(id), attempt, stopRequested: stop_requested, stopLevel: stop_level };
}
