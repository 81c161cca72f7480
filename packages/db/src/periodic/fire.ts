import {
  type ChangedJob,
  type Decide,
  type Decision,
  type Fired,
  type PendingWatch,
  type PeriodicJob,
  type PlannedRun,
  type RunOutcome,
  type ScheduleOutcome,
  service,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { scheduleUnderLock } from '../jobs/ceilings.ts';
import { stopAndNote } from '../jobs/change.ts';
import { type ActiveRow, COLUMNS, fireAt, type PeriodicRow, toActive, toPeriodicJob } from './rows.ts';

/** Planned times in a row of which no task could start, before nobody tries any more. */
const MAX_FAILURES = 10;

/** One transaction decides for so long, ms, and about one periodic job at least: the process does nothing else meanwhile. */
const DECIDING_MS = 100;

// Who fires the same at the same time passes it over: each planned time has its row from exactly one of them.
const DUE = `
  select ${COLUMNS}, p.fire_at, now() as now from periodic_jobs p
  where p.fire_at <= now() and not p.disabled
  order by p.fire_at, p.id limit :limit
  for update of p skip locked`;

const ACTIVE = `
  with over as (
    delete from periodic_active a using jobs j
    where a.periodic_id = any(:ids::int[]) and j.id = a.job_id and j.state not in ('pending', 'admitted', 'running')
  )
  select a.periodic_id, a.task, j.project_id, j.spider, j.number, j.state
  from periodic_active a join jobs j on j.id = a.job_id
  where a.periodic_id = any(:ids::int[]) and j.state in ('pending', 'admitted', 'running')
  order by j.id`;

const SAVE_RUNS = `
  insert into periodic_runs (periodic_id, planned_at, outcome, reason, jobs)
  select r.id, r.planned, r.outcome, r.reason, array(select json_array_elements_text(r.jobs))
  from json_to_recordset(:runs::json) as r (id integer, planned timestamptz, outcome text, reason text, jobs json)
  -- A clock that was set back plans a time once more; its jobs are there already.
  on conflict do nothing`;

const SAVE_ACTIVE = `
  insert into periodic_active (job_id, periodic_id, task)
  select a.job, a.id, a.task from json_to_recordset(:active::json) as a (job bigint, id integer, task smallint)
  on conflict do nothing`;

const GO_ON = `
  update periodic_jobs p set next_at = n.next, fire_at = n.fire,
    failures = case when n.refused then p.failures + 1 else 0 end,
    disabled = p.disabled or n.refused and p.failures + 1 >= ${MAX_FAILURES}
  from json_to_recordset(:next::json) as n (id integer, next timestamptz, fire timestamptz, refused boolean)
  where p.id = n.id
  returning p.id, p.project_id, p.disabled`;

const TELL = `
  insert into events (project_id, type, actor, data)
  select e.project, e.type, 'periodicjobs', e.data
  from json_to_recordset(:events::json) as e (project integer, type text, data text)`;

interface Decided {
  job: PeriodicJob;
  decision: Decision;
  results: RunResult[];
}

interface RunResult {
  plannedAt: Date;
  outcome: RunOutcome;
  reason: string | null;
  jobs: string[];
  started: { id: number; task: number }[];
  /** None of its spiders exists any more. */
  isHopeless: boolean;
}

/** See PeriodicStore.fireDue. */
export function fireDue(
  database: Database,
  limit: number,
  decide: Decide,
  pending?: PendingWatch,
): Promise<Fired> {
  return database.transaction(async (tx) => {
    const { rows: due } = await tx.raw<{
      rows: (PeriodicRow & { now: Date; next_at: Date; fire_at: Date })[];
    }>(DUE, {
      limit,
    });
    if (due.length === 0) return { runs: 0, scheduled: 0, stopped: [] };
    const active = await activeJobs(tx, due);
    const decisions: Omit<Decided, 'results'>[] = [];
    const until = performance.now() + DECIDING_MS;
    for (const row of due) {
      if (decisions.length > 0 && performance.now() > until) break;
      const job = { ...toPeriodicJob(row), nextAt: row.next_at, fireAt: row.fire_at };
      decisions.push({ job, decision: decide(job, (active.get(row.id) ?? []).map(toActive), row.now) });
    }
    const stopped = await stopOthers(tx, decisions);
    const decided = await schedule(tx, decisions, pending);
    await note(tx, decided);
    const results = decided.flatMap((one) => one.results);
    return { runs: results.length, scheduled: results.flatMap(({ started }) => started).length, stopped };
  });
}

async function activeJobs(tx: Database, due: PeriodicRow[]): Promise<Map<number, ActiveRow[]>> {
  const { rows } = await tx.raw<{ rows: ActiveRow[] }>(ACTIVE, { ids: due.map(({ id }) => id) });
  const active = new Map<number, ActiveRow[]>();
  for (const row of rows) active.set(row.periodic_id, [...(active.get(row.periodic_id) ?? []), row]);
  return active;
}

async function stopOthers(tx: Database, decisions: Omit<Decided, 'results'>[]): Promise<ChangedJob[]> {
  const stopped: ChangedJob[] = [];
  for (const { job, decision } of decisions) {
    const keys = decision.runs.flatMap(({ stops }) => stops);
    if (keys.length === 0) continue;
    const selection = { project: job.project, keys, strict: false };
    stopped.push(...(await stopAndNote(tx, selection, { level: 1, by: service('periodicjobs') })));
  }
  return stopped;
}

/** One call for the jobs of all of them. */
async function schedule(
  tx: Database,
  decisions: Omit<Decided, 'results'>[],
  pending?: PendingWatch,
): Promise<Decided[]> {
  const batch = decisions.flatMap(({ decision }) =>
    decision.runs.flatMap(({ requests }) => requests.map(({ request }) => request)),
  );
  const ceilings = (await pending?.ceilings(new Set(batch.map(({ project }) => project)))) ?? [];
  const outcomes = batch.length === 0 ? [] : await scheduleUnderLock(tx, batch, ceilings);
  let at = 0;
  return decisions.map((one) => ({
    ...one,
    results: one.decision.runs.map((run) => {
      const own = outcomes.slice(at, at + run.requests.length);
      at += run.requests.length;
      return resultOf(one.job, run, own);
    }),
  }));
}

function resultOf({ project }: PeriodicJob, run: PlannedRun, outcomes: ScheduleOutcome[]): RunResult {
  const { plannedAt, missed, overlaps, requests } = run;
  const none = { plannedAt, jobs: [], started: [], isHopeless: false };
  if (missed !== null) return { ...none, outcome: 'missed', reason: missed };
  const refusals: string[] = [];
  const jobs: string[] = [];
  const started: RunResult['started'] = [];
  requests.forEach(({ task, request }, nth) => {
    const outcome = outcomes[nth];
    if (outcome?.outcome === 'scheduled') {
      jobs.push(`${project}/${outcome.spider}/${outcome.job}`);
      started.push({ id: outcome.id, task });
    } else if (outcome?.outcome === 'duplicate') refusals.push(`${request.spider} already scheduled`);
    else if (outcome?.outcome === 'full') refusals.push(outcome.error.message);
    else refusals.push(`spider: ${request.spider} not found`);
  });
  const reasons = [...overlaps, ...refusals];
  const reason = reasons.length === 0 ? null : reasons.join('; ');
  const nothing = refusals.length > 0 ? 'refused' : 'overlap';
  const some = reason === null ? 'scheduled' : 'partly';
  const isHopeless = outcomes.length > 0 && outcomes.every(({ outcome }) => outcome === 'unknown_spider');
  return { plannedAt, outcome: started.length > 0 ? some : nothing, reason, jobs, started, isHopeless };
}

async function note(tx: Database, decided: Decided[]): Promise<void> {
  const runs = decided.flatMap(({ job, results }) =>
    results.map(({ plannedAt, outcome, reason, jobs }) => ({
      id: job.id,
      planned: plannedAt,
      outcome,
      reason,
      jobs,
    })),
  );
  const active = decided.flatMap(({ job, results }) =>
    results.flatMap(({ started }) => started.map(({ id, task }) => ({ job: id, id: job.id, task }))),
  );
  const next = decided.map(({ job, decision: { nextAt }, results }) => ({
    id: job.id,
    next: nextAt,
    fire: fireAt(job.id, nextAt, job.jitterSeconds),
    refused: results.at(-1)?.isHopeless ?? false,
  }));
  await tx.raw(SAVE_RUNS, { runs: JSON.stringify(runs) });
  if (active.length > 0) await tx.raw(SAVE_ACTIVE, { active: JSON.stringify(active) });
  const { rows } = await tx.raw<{ rows: { id: number; project_id: number; disabled: boolean }[] }>(GO_ON, {
    next: JSON.stringify(next),
  });
  const disabled = rows.filter((row) => row.disabled);
  const events = [
    ...decided.flatMap(({ job, results }) => results.flatMap((result) => eventsOf(job, result))),
    ...disabled.map(({ id, project_id }) => event(project_id, 'schedule.disabled', { periodic_job: id })),
  ];
  if (events.length > 0) await tx.raw(TELL, { events: JSON.stringify(events) });
}

/** What started tells of itself: its jobs do. */
function eventsOf(job: PeriodicJob, { outcome, plannedAt, reason }: RunResult) {
  if (outcome === 'scheduled') return [];
  const type = outcome === 'refused' || outcome === 'partly' ? 'schedule.failed' : 'schedule.skipped';
  return [
    event(job.project, type, { periodic_job: job.id, planned: plannedAt.toISOString(), outcome, reason }),
  ];
}

function event(project: number, type: string, data: Record<string, unknown>) {
  return { project, type, data: JSON.stringify(data) };
}
