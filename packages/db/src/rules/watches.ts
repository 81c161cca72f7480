import type { LastRun, Looked, Rule, Watch } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { tellOfRule } from './fire.ts';
import { type RuleRow, toRule } from './rule-store.ts';

/** What was committed late is not passed over: a look goes back behind the last one by so much, ms. */
const SLACK_MS = 60_000;
const HOUR_MS = 3_600_000;

const DUE = `
  select w.id as watch_id, w.spider, w.silent_since, w.looked_at, now() as now, r.*
  from rule_watches w join rules r on r.id = w.rule_id
  where w.look_at <= now()
  order by w.look_at limit :limit
  for update of w skip locked`;

/** When job `j` ran, as watch `d` counts. */
const AT = 'case when d.of_start then j.running_at else j.finished_at end';
const COUNTS = `${AT} > d.since
  and (cardinality(d.outcomes) = 0 or j.close_reason = any(d.outcomes))
  and not coalesce(j.close_reason, '') = any(d.unwanted)
  and (cardinality(d.tags) = 0 or j.tags && d.tags)`;

/** The newest of each state that counts: one look into an index for each. Deleted jobs have run, too. */
const newest = (where: string) => `
  select one.* from (values ('running'), ('finished'), ('deleted')) as s (state)
  cross join lateral (
    select j.project_id, j.spider, j.number, ${AT} as at from jobs j
    where j.project_id = d.project and j.state = s.state and j.state_since > d.since and ${COUNTS} and ${where}
    order by j.state_since desc limit 1) one`;

const LAST_RUNS = `
  select d.id, run.project_id as project, run.spider, run.number as job, run.at
  from json_to_recordset(:due::json) as d (id bigint, project integer, name text, schedule integer, of_start boolean,
    since timestamptz, outcomes text[], unwanted text[], tags text[])
  cross join lateral (
    select found.* from (
      (${newest("d.schedule is null and d.name = ''")})
      union all
      (${newest("d.schedule is null and d.name <> '' and j.spider = (select n.number from spiders n where n.project_id = d.project and n.name = d.name)")})
      union all
      (select j.project_id, j.spider, j.number, ${AT} as at
      from (
        select r.jobs from periodic_runs r join periodic_jobs p on p.id = r.periodic_id and p.project_id = d.project
        where r.periodic_id = d.schedule and r.jobs <> '{}' order by r.planned_at desc limit 100) runs
      cross join lateral unnest(runs.jobs) as started (key)
      join jobs j on j.project_id = d.project and j.spider = split_part(started.key, '/', 2)::int
        and j.number = split_part(started.key, '/', 3)::int
      where j.state in ('running', 'finished', 'deleted') and ${COUNTS})
    ) found order by at desc limit 1) run`;

const GO_ON = `
  update rule_watches w set look_at = n.look_at, looked_at = now(), silent_since = n.silent_since
  from json_to_recordset(:next::json) as n (id bigint, look_at timestamptz, silent_since timestamptz)
  where w.id = n.id`;

type DueRow = RuleRow & {
  watch_id: string;
  spider: string;
  silent_since: Date | null;
  looked_at: Date;
  now: Date;
};
type RunRow = LastRun & { id: string };

/** See ReactionStore.lookAround. */
export function lookAround(
  database: Database,
  limit: number,
  look: (watch: Watch, run: LastRun | null, now: Date) => Looked,
  canMail: boolean,
): Promise<{ told: number; more: boolean }> {
  return database.transaction(async (tx) => {
    const { rows: due } = await tx.raw<{ rows: DueRow[] }>(DUE, { limit });
    if (due.length === 0) return { told: 0, more: false };
    const watches = due.map((row) => ({ row, rule: toRule(row) }));
    const asked = watches.map(({ row, rule }) => question(row, rule));
    const { rows } = await tx.raw<{ rows: RunRow[] }>(LAST_RUNS, { due: JSON.stringify(asked) });
    const runs = new Map(rows.map((run) => [run.id, run]));
    const next = [];
    let told = 0;
    for (const { row, rule } of watches) {
      const { watch_id: id, spider, silent_since: silentSince, now } = row;
      const looked = look({ id: Number(id), rule, spider, silentSince }, runs.get(id) ?? null, now);
      next.push({ id, look_at: looked.lookAt, silent_since: looked.silentSince });
      if (!looked.news) continue;
      const outcome = await tellOfRule(tx, rule, { ...looked.news, canMail, source: null });
      if (outcome === 'told') told += 1;
    }
    await tx.raw(GO_ON, { next: JSON.stringify(next) });
    return { told, more: due.length >= limit };
  });
}

/** What ran since when is asked of the jobs. */
function question({ watch_id, spider, silent_since, looked_at, now }: DueRow, { project, when }: Rule) {
  const { noRun, outcomes, exceptOutcomes, hasTag } = when;
  const longAgo = now.getTime() - (noRun?.hours ?? 0) * HOUR_MS;
  // While it is silent everything of before was looked at.
  const since = silent_since ? Math.max(longAgo, looked_at.getTime() - SLACK_MS) : longAgo;
  return {
    id: watch_id,
    project,
    name: spider,
    schedule: noRun?.schedule ?? null,
    of_start: noRun?.of === 'start',
    since: new Date(since),
    outcomes,
    unwanted: exceptOutcomes,
    tags: hasTag,
  };
}
