import { type JobSelection, type JobState, statesOf, type Verb } from '@spiderhub/core';
import { type Condition, keyBindings } from './filter-sql.ts';

const COLUMNS = 'j.id, j.project_id, j.spider, j.number, j.state, j.attempt, j.worker, j.external';

const BY_KEYS = `
  with wanted as (
    select distinct w.spider, w.number from unnest(:keySpiders::int[], :keyNumbers::int[]) as w (spider, number)
  ),
  found as (
    select ${COLUMNS} from jobs j join wanted w using (spider, number)
    where j.project_id = :project
    order by j.id for no key update of j
  ),
  missing as (
    select w.spider, w.number from wanted w
    where :strict and not exists (select from found f where f.spider = w.spider and f.number = w.number)
  )`;

/** The jobs that a name means, as a subquery of ids: by the caller's own name, or by their key. */
export const NAMED_JOBS = `
  select a.id from jobs a where a.project_id = any(:projects::int[]) and a.alias = :alias and a.state <> 'deleted'
  union
  select k.id from jobs k
  where k.project_id = any(:projects::int[]) and k.project_id = :keyProject::int and k.spider = :keySpider::int
    and k.number = :keyJob::int and k.state <> 'deleted'`;

const NONE_MISSING = 'missing as (select 0 as spider, 0 as number where false)';

const BY_NAME = `
  with found as (
    select ${COLUMNS} from jobs j where j.id in (${NAMED_JOBS}) order by j.id for no key update of j
  ),
  ${NONE_MISSING}`;

const WAITING = `
  with found as (
    select ${COLUMNS} from jobs j
    where j.project_id = :project and j.state in ('pending', 'admitted') and not j.external
    order by j.id for no key update of j
  ),
  ${NONE_MISSING}`;

/**
 * The beginning of a statement that changes selected jobs: the table `found` holds them, locked in one order, and
 * `missing` is not empty when one of them had to exist and does not.
 */
export function selectJobs(selection: JobSelection): Condition {
  if ('keys' in selection) {
    const { project, keys, strict } = selection;
    return { sql: BY_KEYS, bindings: { project, strict, ...keyBindings(project, keys) } };
  }
  if ('waiting' in selection) return { sql: WAITING, bindings: { project: selection.project } };
  return { sql: BY_NAME, bindings: nameBindings(selection.projects, selection) };
}

export function nameBindings(
  projects: readonly number[],
  { alias, key }: { alias: string; key: { project: number; spider: number; job: number } | null },
): Record<string, unknown> {
  return {
    projects: [...projects],
    alias,
    keyProject: key?.project ?? null,
    keySpider: key?.spider ?? null,
    keyJob: key?.job ?? null,
  };
}

/** The guard of a transition: the states in which the verb does something, as a list of literals. */
export function statesSql(verb: Verb): string {
  return statesOf(verb)
    .map((state) => `'${state}'`)
    .join(', ');
}

/** Deletes the leases of the jobs that a statement's table `changed` took out of our workers' hands. */
export const LET_GO = 'let_go as (delete from leases l using changed c where l.job_id = c.id)';

export interface ChangedRow {
  project_id: number;
  spider: number;
  number: number;
  previous: JobState;
  worker: string | null;
}

/** Columns of a ChangedRow from `found f`. The queue's own state reads as pending, outside workers hear nothing. */
export const CHANGED_COLUMNS = `f.project_id, f.spider, f.number,
  case f.state when 'admitted' then 'pending' else f.state end as previous,
  case when f.state = 'running' and not f.external then f.worker end as worker`;
