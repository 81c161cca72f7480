import {
  type Actor,
  accessErrors,
  accountErrors,
  type Place,
  type ServiceLimitChange,
  type ServiceLimitStore,
  type SetLimits,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { countPending } from '../jobs/ceilings.ts';
import { translated } from '../pg-errors.ts';
import { countersWhere } from '../reads/count-sql.ts';

interface LimitRow {
  organisation: number;
  of_organisation: SetLimits;
  of_project: SetLimits | null;
  organisation_bytes: string;
  project_bytes: string | null;
}

type UsageRow = Record<'pending' | 'running' | 'periodic', string> & { bytes: string | null };

/** Bytes of all projects of the organisation `o`. */
const BYTES = `
  (select coalesce(sum(u.stored_bytes), 0) from projects q join project_usage u on u.project_id = q.id
   where q.organisation_id = o.id) as organisation_bytes`;

// How many jobs of a project may run has had a column of its own for longer than there are other limits.
const OF_PROJECT = `
  select o.id as organisation, o.limits as of_organisation, ${BYTES},
    case when p.max_running is null then p.limits
      else p.limits || jsonb_build_object('runningJobs', p.max_running) end as of_project,
    (select u.stored_bytes from project_usage u where u.project_id = p.id) as project_bytes
  from projects p join organisations o on o.id = p.organisation_id
  where p.id = :project`;

const OF_ORGANISATION = `
  select o.id as organisation, o.limits as of_organisation, ${BYTES}, null as of_project, null as project_bytes
  from organisations o where o.id = :organisation`;

const CHANGE_ORGANISATION = `
  update organisations set limits = (limits || :set::jsonb) - :unset::text[] where id = :organisation returning id`;

const CHANGE_PROJECT = `
  update projects set limits = (limits || :set::jsonb) - :unset::text[],
    max_running = case when :setRunning then :running::int else max_running end
  where id = :project returning id`;

const USAGE = `
  with ours as (select p.id from projects p
    where p.id = :project::int or p.organisation_id = :organisation::int)
  select
    coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0) as pending,
    coalesce(sum(c.n) filter (where c.state = 'running'), 0) as running,
    (select sum(u.stored_bytes) from project_usage u where u.project_id in (select id from ours)) as bytes,
    (select count(*) from periodic_jobs d where d.project_id in (select id from ours)) as periodic
  from (${countersWhere('c.project_id in (select id from ours)')}) c`;

export function createServiceLimitStore(database: Database): ServiceLimitStore {
  return translated<ServiceLimitStore>({
    async find(place) {
      const sql = 'project' in place ? OF_PROJECT : OF_ORGANISATION;
      const { rows } = await database.raw<{ rows: LimitRow[] }>(sql, { ...place });
      const [row] = rows;
      return row
        ? {
            organisation: row.organisation,
            ofOrganisation: row.of_organisation,
            organisationBytes: Number(row.organisation_bytes),
            ofProject: row.of_project,
            projectBytes: row.project_bytes === null ? null : Number(row.project_bytes),
          }
        : null;
    },

    change: (actor, place, change) => database.transaction((tx) => changeLimits(tx, actor, place, change)),

    async usage(place) {
      const { rows } = await database.raw<{ rows: [UsageRow] }>(USAGE, {
        project: null,
        organisation: null,
        ...place,
      });
      const { pending, running, bytes, periodic } = rows[0];
      return {
        pendingJobs: Number(pending),
        runningJobs: Number(running),
        storedBytes: bytes === null ? null : Number(bytes),
        periodicJobs: Number(periodic),
      };
    },

    pending: (project) => countPending(database, project),
  });
}

async function changeLimits(
  tx: Database,
  actor: Actor,
  place: Place,
  change: ServiceLimitChange,
): Promise<void> {
  const before = await limitsNow(tx, place);
  if (!before) {
    if ('project' in place) throw accessErrors.projectNotFound(place.project);
    throw accountErrors.notFound('organisation', String(place.organisation));
  }
  const sql = 'project' in place ? CHANGE_PROJECT : CHANGE_ORGANISATION;
  await tx.raw(sql, { ...place, ...bindingsOf(place, change) } as never);
  const after = await limitsNow(tx, place);
  const object = Object.entries(place).flat().join(' ');
  if (JSON.stringify(before) !== JSON.stringify(after))
    await audit(tx, actor, { action: 'limits.changed', place, object, before, after: after ?? null });
}

/** Locked, so that what is noted is what was. */
async function limitsNow(tx: Database, place: Place): Promise<Record<string, unknown> | undefined> {
  const query =
    'project' in place
      ? tx('projects').where({ id: place.project }).select('limits', 'max_running')
      : tx('organisations').where({ id: place.organisation }).select('limits');
  return query.forUpdate().first();
}

function bindingsOf(place: Place, { runningJobs, ...others }: ServiceLimitChange) {
  const change =
    'project' in place ? others : { ...others, ...(runningJobs !== undefined && { runningJobs }) };
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return {
    set: JSON.stringify(Object.fromEntries(given.filter(([, value]) => value !== 'default'))),
    unset: given.filter(([, value]) => value === 'default').map(([name]) => name),
    setRunning: runningJobs !== undefined,
    running: typeof runningJobs === 'number' ? runningJobs : null,
  };
}
