import {
  accessErrors,
  type JobPolicyChange,
  jobErrors,
  type LimitStore,
  type RetentionChange,
} from '@spiderhub/core';
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
    async change(project, spider, { maxRunning, weight, policy = {}, retention = {} }) {
      const { rows } = await database.raw<{ rows: LimitRow[] }>(
        spider === null ? CHANGE_PROJECT : CHANGE_SPIDER,
        {
          project,
          spider,
          setMaxRunning: maxRunning !== undefined,
          maxRunning: maxRunning ?? null,
          weight: weight ?? null,
          policy: JSON.stringify(policy),
          retention: JSON.stringify(retention),
        },
      );
      const [row] = rows;
      if (!row)
        throw spider === null ? accessErrors.projectNotFound(project) : jobErrors.spiderNotFound(spider);
      const { max_running: maxRunningNow, ...rest } = row;
      return { project, spider, maxRunning: maxRunningNow, ...rest };
    },
  });
}
