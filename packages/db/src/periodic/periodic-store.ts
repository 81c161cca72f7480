import type { PeriodicPlan, PeriodicStore } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { holdCeiling } from '../jobs/ceilings.ts';
import { translated } from '../pg-errors.ts';
import { fireDue } from './fire.ts';
import {
  COLUMNS,
  fireAt,
  type ListedRow,
  type PeriodicRow,
  planColumns,
  type RunRow,
  toListed,
  toPeriodicJob,
  toRun,
} from './rows.ts';

const LISTED = `
  select ${COLUMNS},
    (select row_to_json(r) from (
      select r.planned_at, r.fired_at, r.outcome, r.reason, r.jobs from periodic_runs r
      where r.periodic_id = p.id order by r.planned_at desc limit 1) r) as last_run,
    (select json_object_agg(s.name, s.number) from spiders s
      where s.project_id = p.project_id and s.name in (select t ->> 'spider' from json_array_elements(p.tasks::json) t)
    ) as spider_numbers
  from periodic_jobs p
  where p.project_id = :project and (:id::int is null or p.id = :id::int)
  order by p.id`;

const RUNS = `
  select r.planned_at, r.fired_at, r.outcome, r.reason, r.jobs
  from periodic_runs r join periodic_jobs p on p.id = r.periodic_id
  where p.project_id = :project and p.id = :id and (:before::timestamptz is null or r.planned_at < :before::timestamptz)
  order by r.planned_at desc limit :limit`;

const REMOVE_RUNS = `
  delete from periodic_runs where (periodic_id, planned_at) in (
    (select r.periodic_id, r.planned_at from periodic_runs r
     where r.fired_at < now() - :olderMs::float8 * interval '1 ms' limit :limit)
    union all
    (select r.periodic_id, r.planned_at from periodic_jobs p
     cross join lateral (
       select b.periodic_id, b.planned_at from periodic_runs b
       where b.periodic_id = p.id order by b.planned_at desc offset :keep) r
     limit :limit))`;

const COUNT = `
  select count(*) filter (where p.id = :project) as project, count(*) as organisation
  from periodic_jobs d join projects p on p.id = d.project_id where p.organisation_id = :organisation`;

async function rowsOf(tx: Database, project: number, id: number): Promise<PeriodicRow[]> {
  const { rows } = await tx.raw<{ rows: PeriodicRow[] }>(
    `select ${COLUMNS} from periodic_jobs p where p.project_id = :project and p.id = :id for no key update`,
    { project, id },
  );
  return rows;
}

/** What the audit log keeps of a plan: arguments, settings and variables of its jobs may hold secrets. */
function shownPlan({
  cron,
  timezone,
  overlap,
  catchup,
  disabled,
  startAt,
  endAt,
  tags,
  tasks,
}: PeriodicPlan) {
  const spiders = tasks.map(({ spider }) => spider);
  return { cron, timezone, overlap, catchup, disabled, startAt, endAt, tags, spiders };
}

/** `zoneRules`: those by which the callers work out planned times. */
export function createPeriodicStore(database: Database, zoneRules: string): PeriodicStore {
  async function listed(project: number, id: number | null) {
    const { rows } = await database.raw<{ rows: ListedRow[] }>(LISTED, { project, id });
    return rows.map(toListed);
  }

  return translated<PeriodicStore>({
    ...changes(database, zoneRules),
    list: (project) => listed(project, null),
    find: async (project, id) => (await listed(project, id))[0] ?? null,

    create(actor, project, plan, ceiling) {
      return database.transaction(async (tx) => {
        if (ceiling) await holdCeiling(tx, 'periodicJobs', ceiling, COUNT);
        const [row] = await tx('periodic_jobs')
          .insert({
            project_id: project,
            ...planColumns(plan),
            created_by: actor.name,
            zone_rules: zoneRules,
          })
          .returning<{ id: number }[]>('id');
        if (!row) throw new Error('a periodic job was not stored');
        // The jitter is made of the number.
        const fire_at = fireAt(row.id, plan.nextAt, plan.jitterSeconds);
        await tx('periodic_jobs').where({ project_id: project, id: row.id }).update({ fire_at });
        const entry = { place: { project }, object: `periodic job ${row.id}`, after: shownPlan(plan) };
        await audit(tx, actor, { ...entry, action: 'periodic.made' });
        return row.id;
      });
    },

    async runs(project, id, before, limit) {
      const { rows } = await database.raw<{ rows: RunRow[] }>(RUNS, { project, id, before, limit });
      return rows.map(toRun);
    },

    fireDue: (limit, decide, pending) => fireDue(database, limit, decide, pending),

    async ofOtherZoneRules(rules, limit) {
      const { rows } = await database.raw<{ rows: PeriodicRow[] }>(
        `select ${COLUMNS} from periodic_jobs p
        where p.zone_rules <> :rules and (p.fire_at is null or p.fire_at > now())
        order by p.id limit :limit`,
        { rules, limit },
      );
      return rows.map(toPeriodicJob);
    },

    async setNext({ id, project, revision, nextAt: before, jitterSeconds }, nextAt, rules) {
      await database('periodic_jobs')
        .where({ project_id: project, id, revision, next_at: before })
        .update({ next_at: nextAt, fire_at: fireAt(id, nextAt, jitterSeconds), zone_rules: rules });
    },

    async removeRuns(olderMs, keep, limit) {
      const { rowCount } = await database.raw<{ rowCount: number }>(REMOVE_RUNS, { olderMs, keep, limit });
      return rowCount;
    },
  });
}

/** What people do with periodic jobs that there are. */
function changes(
  database: Database,
  zoneRules: string,
): Pick<PeriodicStore, 'replace' | 'makeDue' | 'remove'> {
  return {
    replace: (actor, project, { id, revision, nextAt }, plan) =>
      database.transaction(async (tx) => {
        const [row] = await rowsOf(tx, project, id);
        // Its place may have moved on: put back, it would fire once more.
        const changed = await tx('periodic_jobs')
          .where({ project_id: project, id, revision })
          .whereRaw('next_at is not distinct from ?::timestamptz', [nextAt])
          .update({
            ...planColumns(plan),
            fire_at: fireAt(id, plan.nextAt, plan.jitterSeconds),
            zone_rules: zoneRules,
            revision: revision + 1,
            failures: 0,
          });
        const entry = { place: { project }, object: `periodic job ${id}`, after: shownPlan(plan) };
        const before = row ? shownPlan(toPeriodicJob(row)) : null;
        if (changed > 0) await audit(tx, actor, { ...entry, action: 'periodic.changed', before });
        return changed > 0;
      }),

    makeDue: (actor, project, id) =>
      database.transaction(async (tx) => {
        const now = "date_trunc('second', now())";
        // What is due and did not fire yet is what runs now: moving it would leave a planned time without its row.
        const made = await tx('periodic_jobs')
          .where({ project_id: project, id, disabled: false })
          .update({ next_at: tx.raw(`least(next_at, ${now})`), fire_at: tx.raw(now) });
        const entry = { place: { project }, object: `periodic job ${id}` };
        if (made > 0) await audit(tx, actor, { ...entry, action: 'periodic.started' });
        return made > 0;
      }),

    remove: (actor, project, id) =>
      database.transaction(async (tx) => {
        const [row] = await rowsOf(tx, project, id);
        const isGone = (await tx('periodic_jobs').where({ project_id: project, id }).delete()) > 0;
        const entry = { place: { project }, object: `periodic job ${id}` };
        const before = row ? shownPlan(toPeriodicJob(row)) : null;
        if (isGone) await audit(tx, actor, { ...entry, action: 'periodic.removed', before });
        return isGone;
      }),
  };
}
