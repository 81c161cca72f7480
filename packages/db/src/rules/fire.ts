import {
  type Firing,
  type FiringOutcome,
  formatJobKey,
  type Job,
  MAX_AN_HOUR,
  MAX_DEPTH,
  type PendingWatch,
  type Rule,
  type ScheduleRequest,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { scheduleUnderLock } from '../jobs/ceilings.ts';
import { type RuleRow, toRule } from './rule-store.ts';

// Only the very last of them: whoever ends at the same moment is looked at when its own event comes.
const IS_LAST = `
  select not exists (
    select from jobs j where j.project_id = :project and j.tags @> array[:tag::text]
      and (j.state in ('pending', 'admitted', 'running')
        or (j.state = 'finished' and (j.state_since, j.id) > (
          select s.state_since, s.id from jobs s where s.id = :job)))) as last`;

const FIRED = 'select from rule_firings where rule_id = :rule and event_id = :event';

const DEPTH = 'select depth from rule_firings where project_id = :project and job = :key';

const IN_HOUR = `
  select count(*)::int as n from rule_firings
  where rule_id = :rule and at > now() - interval '1 hour' and outcome in ('told', 'held')`;

const NOTE = `
  insert into rule_firings (rule_id, event_id, project_id, source, outcome, reason, job, depth)
  values (:rule, :event, :project, :source, :outcome, :reason, :job, :depth) on conflict do nothing`;

const TELL = `
  with made as (
    insert into webhook_messages (id, project_id, type, body) values (:id, :project, :type, :body)
    on conflict do nothing returning id
  )
  insert into webhook_deliveries (webhook_id, message_id)
  select w.id, made.id from webhooks w, made
  where w.project_id = :project and w.disabled_at is null and (w.id = :webhook::int or w.rule_id = :receiver::int)`;

/** What one firing came to. */
interface Fired {
  outcome: FiringOutcome;
  reason: string | null;
  job: string | null;
  depth: number;
}

/** Does what rules ask for, one after the other, inside of the transaction that has read their events. */
export async function fireRules(
  tx: Database,
  firings: readonly Firing[],
  pending?: PendingWatch,
): Promise<{ scheduled: number; told: number }> {
  const done = { scheduled: 0, told: 0 };
  for (const firing of firings) {
    const { rule, event, job } = firing;
    if (!(await isDue(tx, rule, event, job))) continue;
    const fired =
      'request' in firing
        ? await run(tx, firing.request, job, pending)
        : await tell(tx, rule, `${event}-${rule.id}`, firing);
    await tx.raw(NOTE, {
      rule: rule.id,
      event,
      project: rule.project,
      source: formatJobKey(job.key),
      ...fired,
    } as never);
    if (fired.outcome === 'scheduled') done.scheduled += 1;
    if (fired.outcome === 'told') done.told += 1;
  }
  return done;
}

async function isDue(tx: Database, { id, project, when }: Rule, event: string, job: Job): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: object[] }>(FIRED, { rule: id, event });
  if (rows.length > 0) return false;
  const tag = when.lastWithTag;
  if (tag === null) return true;
  const looked = await tx.raw<{ rows: [{ last: boolean }] }>(IS_LAST, { project, tag, job: job.id });
  return looked.rows[0].last;
}

async function run(
  tx: Database,
  request: ScheduleRequest,
  source: Job,
  pending?: PendingWatch,
): Promise<Fired> {
  const key = formatJobKey(source.key);
  const { rows } = await tx.raw<{ rows: { depth: number }[] }>(DEPTH, { project: request.project, key });
  const depth = (rows[0]?.depth ?? 0) + 1;
  const refused = (reason: string): Fired => ({ outcome: 'refused', reason, job: null, depth });
  if (depth > MAX_DEPTH) return refused(`rules made ${MAX_DEPTH} jobs, one because of the other`);
  const ceilings = (await pending?.ceilings([request.project])) ?? [];
  const [made] = await scheduleUnderLock(tx, [request], ceilings);
  if (made?.outcome === 'full') return refused(made.error.message);
  if (made?.outcome !== 'scheduled') return refused(`spider: ${request.spider} not found`);
  const job = `${request.project}/${made.spider}/${made.job}`;
  return { outcome: 'scheduled', reason: null, job, depth };
}

async function tell(
  tx: Database,
  { id, project, action }: Rule,
  message: string,
  { type, body }: { type: string; body: string },
): Promise<Fired> {
  const { rows } = await tx.raw<{ rows: [{ n: number }] }>(IN_HOUR, { rule: id });
  const none = { reason: null, job: null, depth: 0 };
  if (rows[0].n >= MAX_AN_HOUR) return { ...none, outcome: 'held' };
  const webhook = action.channel === 'webhook' ? action.webhook : null;
  const told = { id: message, project, type, body, webhook, receiver: webhook === null ? id : null };
  const { rowCount } = await tx.raw<{ rowCount: number }>(TELL, told as never);
  return rowCount > 0
    ? { ...none, outcome: 'told' }
    : { ...none, outcome: 'refused', reason: 'its webhook is gone, or disabled' };
}

const HELD = `
  with due as (
    select f.rule_id from rule_firings f where f.outcome = 'held'
    group by f.rule_id having min(f.at) < now() - :afterMs::float8 * interval '1 ms' limit :limit
  ),
  digested as (
    update rule_firings f set outcome = 'digested' from due
    where f.rule_id = due.rule_id and f.outcome = 'held' returning f.rule_id, f.source, f.event_id
  )
  select rule_id, count(*)::int as n, (array_agg(source order by event_id))[1:5] as sources, min(event_id) as first
  from digested group by rule_id`;

/** One message instead of many, for what was held back for so long, ms. Returns how many rules that was. */
export function digestRules(
  database: Database,
  afterMs: number,
  limit: number,
  write: (rule: Rule, sources: readonly string[], count: number) => { type: string; body: string },
): Promise<number> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.raw<{
      rows: { rule_id: number; n: number; sources: string[]; first: string }[];
    }>(HELD, { afterMs, limit });
    const found: RuleRow[] = await tx('rules').whereIn(
      'id',
      rows.map(({ rule_id }) => rule_id),
    );
    for (const rule of found.map(toRule)) {
      const held = rows.find(({ rule_id }) => rule_id === rule.id);
      if (!held) continue;
      const webhook = rule.action.channel === 'webhook' ? rule.action.webhook : null;
      await tx.raw(TELL, {
        id: `${held.first}-digest-${rule.id}`,
        project: rule.project,
        ...write(rule, held.sources, held.n),
        webhook,
        receiver: webhook === null ? rule.id : null,
      } as never);
    }
    return rows.length;
  });
}
