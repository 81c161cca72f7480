import {
  type Ceiling,
  type LimitName,
  type PendingCount,
  reached,
  type ScheduleOutcome,
  type ScheduleRequest,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { countersWhere } from '../reads/count-sql.ts';
import { scheduleJobs } from './schedule.ts';

/** First half of the key of the locks under which what an organisation has is counted and added to. */
const LOCK = 0x11a17;

const LOCK_ORGANISATION = 'select pg_advisory_xact_lock(:lock::int, :organisation::int)';

const PENDING = `
  with ours as (
    select p.id from projects p where p.organisation_id = (select organisation_id from projects where id = :project))
  select coalesce(sum(c.n) filter (where c.project_id = :project), 0) as project, coalesce(sum(c.n), 0) as organisation
  from (${countersWhere(`c.project_id in (select id from ours) and c.state in ('pending', 'admitted')`)}) c`;

const REPEATED = `
  select j.id, j.spider, j.number from jobs j where j.project_id = :project and j.idempotency_key = :key
  union all
  select t.job_id, t.spider, t.number from job_tombstones t where t.project_id = :project and t.idempotency_key = :key
  limit 1`;

/** Jobs that wait, of a project and of all projects of its organisation: the sum of the counters. */
export async function countPending(database: Database, project: number): Promise<PendingCount> {
  const { rows } = await database.raw<{ rows: [Record<keyof PendingCount, string>] }>(PENDING, { project });
  return { project: Number(rows[0].project), organisation: Number(rows[0].organisation) };
}

/** Until the transaction ends nobody else adds to what these organisations have. In one order, so that nobody waits in a circle. */
export async function lockOrganisations(tx: Database, organisations: readonly number[]): Promise<void> {
  for (const organisation of [...new Set(organisations)].sort((a, b) => a - b)) {
    await tx.raw(LOCK_ORGANISATION, { lock: LOCK, organisation });
  }
}

/**
 * Throws when there are as many as may be; until the transaction ends no other one is added. `count`: a query of one row that
 * says how many the `:project` and the `:organisation` have.
 */
export async function holdCeiling(
  tx: Database,
  name: LimitName,
  ceiling: Ceiling,
  count: string,
): Promise<void> {
  const { project, organisation } = ceiling;
  await lockOrganisations(tx, [organisation]);
  const { rows } = await tx.raw<{ rows: [Record<keyof PendingCount, string>] }>(count, {
    project,
    organisation,
  });
  const [has] = rows;
  const error = reached(name, ceiling, {
    project: Number(has.project),
    organisation: Number(has.organisation),
  });
  if (error) throw error;
}

const MAX_TRIES = 5;

/** See JobStore.schedule: what is counted stands still until the new jobs are committed. */
export async function scheduleWithin(
  database: Database,
  batch: readonly ScheduleRequest[],
  ceilings: readonly Ceiling[],
): Promise<ScheduleOutcome[]> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await database.transaction((tx) => scheduleUnderLock(tx, batch, ceilings));
    } catch (error) {
      if ((error as { code?: string }).code !== '40001' || tries === MAX_TRIES) throw error;
    }
  }
}

/** The same inside of a transaction. */
export async function scheduleUnderLock(
  tx: Database,
  batch: readonly ScheduleRequest[],
  ceilings: readonly Ceiling[],
): Promise<ScheduleOutcome[]> {
  await lockOrganisations(
    tx,
    ceilings.map(({ organisation }) => organisation),
  );
  const rooms = await roomsOf(tx, ceilings);
  const outcomes: ScheduleOutcome[] = [];
  const within: { request: ScheduleRequest; at: number }[] = [];
  for (const [at, request] of batch.entries()) {
    const error = request.state === 'pending' ? rooms.take(request.project) : null;
    if (!error) within.push({ request, at });
    else outcomes[at] = (await repeated(tx, request)) ?? { outcome: 'full', error };
  }
  if (within.length === 0) return outcomes;
  const placed = await scheduleJobs(
    tx,
    within.map(({ request }) => request),
    1,
  );
  for (const [i, { at }] of within.entries()) outcomes[at] = placed[i] as ScheduleOutcome;
  return outcomes;
}

/** What is left of each ceiling while a batch is gone through. */
async function roomsOf(tx: Database, ceilings: readonly Ceiling[]) {
  const byProject = new Map<number, Ceiling>();
  const ofProject = new Map<number, number>();
  const ofOrganisation = new Map<number, number>();
  for (const ceiling of ceilings) {
    const count = await countPending(tx, ceiling.project);
    byProject.set(ceiling.project, ceiling);
    ofProject.set(ceiling.project, count.project);
    ofOrganisation.set(ceiling.organisation, count.organisation);
  }
  return {
    /** Takes a place, or says why there is none. */
    take(project: number) {
      const ceiling = byProject.get(project);
      if (!ceiling) return null;
      const count = {
        project: ofProject.get(project) ?? 0,
        organisation: ofOrganisation.get(ceiling.organisation) ?? 0,
      };
      const error = reached('pendingJobs', ceiling, count);
      if (error) return error;
      ofProject.set(project, count.project + 1);
      ofOrganisation.set(ceiling.organisation, count.organisation + 1);
      return null;
    },
  };
}

/** The job of a call that is repeated: it is there, so it needs no place. */
async function repeated(
  tx: Database,
  { project, idempotencyKey }: ScheduleRequest,
): Promise<ScheduleOutcome | null> {
  if (idempotencyKey === null) return null;
  const { rows } = await tx.raw<{ rows: { id: string; spider: number; number: number }[] }>(REPEATED, {
    project,
    key: idempotencyKey,
  });
  const [row] = rows;
  return row ? { outcome: 'scheduled', id: Number(row.id), spider: row.spider, job: row.number } : null;
}
