import {
  type Actor,
  accessErrors,
  type JobPolicyChange,
  jobErrors,
  type LimitChange,
  type LimitStore,
  type Limits,
  type RetentionChange,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface LimitRow {
  max_running: number | null;
  weight: number | null;
  policy: JobPolicyChange;
  retention: RetentionChange;
}

// A key that is absent in the change keeps its value: null is a value of its own.
const CHANGED = `
  max_running = case when :setMaxRunning then :maxRunning::int else max_running end,
  policy = policy || :policy::jsonb,
  retention = retention || :retention::jsonb`;

const CHANGE_PROJECT = `
  update projects set ${CHANGED}, weight = coalesce(:weight, weight)
  where id = :project returning max_running, weight, policy, retention`;

const CHANGE_SPIDER = `
  update spiders set ${CHANGED}
  where project_id = :project and name = :spider returning max_running, null::real as weight, policy, retention`;

export function createLimitStore(database: Database): LimitStore {
  return translated<LimitStore>({
    change: (actor, project, spider, change) =>
      database.transaction((tx) => changeLimits(tx, actor, { project, spider }, change)),
  });
}

async function changeLimits(
  tx: Database,
  actor: Actor,
  { project, spider }: { project: number; spider: string | null },
  change: LimitChange,
): Promise<Limits> {
  const { maxRunning, weight, policy = {}, retention = {} } = change;
  const before = await limitsNow(tx, project, spider);
  if (!before)
    throw spider === null ? accessErrors.projectNotFound(project) : jobErrors.spiderNotFound(spider);
  const { rows } = await tx.raw<{ rows: [LimitRow] }>(spider === null ? CHANGE_PROJECT : CHANGE_SPIDER, {
    project,
    spider,
    setMaxRunning: maxRunning !== undefined,
    maxRunning: maxRunning ?? null,
    weight: weight ?? null,
    policy: JSON.stringify(policy),
    retention: JSON.stringify(retention),
  });
  const after = rows[0];
  if (JSON.stringify(before) !== JSON.stringify(after)) {
    const object = spider === null ? `project ${project}` : `spider ${spider}`;
    await audit(tx, actor, {
      action: 'limits.changed',
      place: { project },
      object,
      before: { ...before },
      after: { ...after },
    });
  }
  const { max_running: maxRunningNow, ...rest } = after;
  return { project, spider, maxRunning: maxRunningNow, ...rest };
}

/** Locked, so that what is noted is what was. */
async function limitsNow(
  tx: Database,
  project: number,
  spider: string | null,
): Promise<LimitRow | undefined> {
  const { rows } = await tx.raw<{ rows: LimitRow[] }>(
    spider === null
      ? 'select max_running, weight, policy, retention from projects where id = :project for no key update'
      : `select max_running, null::real as weight, policy, retention from spiders
        where project_id = :project and name = :spider for no key update`,
    { project, spider } as never,
  );
  return rows[0];
}
