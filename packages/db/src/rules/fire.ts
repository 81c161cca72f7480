import {
  type Firing,
  type FiringOutcome,
  formatJobKey,
  type Job,
  MAX_AN_HOUR,
  MAX_DEPTH,
  MAX_NOTICES_AN_HOUR,
  type PendingWatch,
  type Rule,
  readCursor,
  type ScheduleRequest,
  type Told,
} from '@spiderhub/core';
import type { Database } from '../database.ts';
import { scheduleUnderLock } from '../jobs/ceilings.ts';
import { noticesInHour, tellUsers } from '../notices/notice-store.ts';
import { type RuleRow, toRule } from './rule-store.ts';

// Only the very last of them, in the order in which events are read: whose end comes behind this one is looked at then. The
// jobs' own times are no such order: a transaction that began early may be read late.
const IS_LAST = `
  select not exists (
    select from jobs j where j.project_id = :project and j.tags @> array[:tag::text]
      and j.state in ('pending', 'admitted', 'running'))
  and not exists (
    select from events e
    join jobs j on j.project_id = e.project_id and j.spider = e.spider and j.number = e.job
    where (e.xid, e.id) > (:xid::xid8, :id::bigint) and e.project_id = :project and e.type = 'job.finished'
      and j.state = 'finished' and j.tags @> array[:tag::text]) as last`;

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

/** Tells something of a rule, by a name that is told once. Returns what came of it. */
export async function tellOfRule(
  tx: Database,
  rule: Rule,
  { source, ...news }: { event: string; told: Told; canMail: boolean; source: string | null },
): Promise<FiringOutcome> {
  const fired = await tell(tx, rule, news);
  await note(tx, rule, news.event, source, fired);
  return fired.outcome;
}

function note(
  tx: Database,
  rule: Rule,
  event: string,
  source: string | null,
  fired: Fired,
): PromiseLike<unknown> {
  return tx.raw(NOTE, { rule: rule.id, event, project: rule.project, source, ...fired } as never);
}

/** Does what rules ask for, one after the other, inside of the transaction that has read their events. */
export async function fireRules(
  tx: Database,
  firings: readonly Firing[],
  { pending, canMail }: { pending?: PendingWatch | undefined; canMail: boolean },
): Promise<{ scheduled: number; told: number }> {
  const done = { scheduled: 0, told: 0 };
  for (const firing of firings) {
    const { rule, event, job } = firing;
    if (!(await isDue(tx, rule, event))) continue;
    const fired = await fire(tx, firing, { pending, canMail });
    await note(tx, rule, event, formatJobKey(job.key), fired);
    if (fired.outcome === 'scheduled') done.scheduled += 1;
    if (fired.outcome === 'told') done.told += 1;
  }
  return done;
}

async function fire(
  tx: Database,
  firing: Firing,
  { pending, canMail }: { pending?: PendingWatch | undefined; canMail: boolean },
): Promise<Fired> {
  const { rule, event, job } = firing;
  if ('refusal' in firing) return { outcome: 'refused', reason: firing.refusal, job: null, depth: 0 };
  if ('request' in firing) return run(tx, firing.request, job, pending);
  return tell(tx, rule, { event, told: firing, canMail });
}

async function isDue(tx: Database, { id, project, when }: Rule, event: string): Promise<boolean> {
  const { rows } = await tx.raw<{ rows: object[] }>(FIRED, { rule: id, event });
  if (rows.length > 0) return false;
  const tag = when.lastWithTag;
  if (tag === null) return true;
  const place = readCursor(event);
  if (!place) throw new Error('an event without a place');
  const looked = await tx.raw<{ rows: [{ last: boolean }] }>(IS_LAST, {
    project,
    tag,
    xid: String(place.xid),
    id: String(place.id),
  });
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

/** Tells it, unless it was too much within an hour. `event`: names it, with its rule. */
async function tell(
  tx: Database,
  rule: Rule,
  { event, told, canMail }: { event: string; told: Told; canMail: boolean },
): Promise<Fired> {
  const none = { reason: null, job: null, depth: 0 };
  const refused = (reason: string): Fired => ({ ...none, outcome: 'refused', reason });
  if ('notice' in told && !canMail) return refused('no mail server is set up');
  const { rows } = await tx.raw<{ rows: [{ n: number }] }>(IN_HOUR, { rule: rule.id });
  if (rows[0].n >= MAX_AN_HOUR || !(await hasPlace(tx, rule))) return { ...none, outcome: 'held' };
  if ((await put(tx, rule, { id: `${event}-${rule.id}`, event, told })) > 0)
    return { ...none, outcome: 'told' };
  return refused(
    'notice' in told ? 'none of its users may be mailed any more' : 'its webhook is gone, or disabled',
  );
}

/** Whether the people of an organisation may be mailed more within this hour. */
async function hasPlace(tx: Database, { project, action }: Rule): Promise<boolean> {
  return action.channel !== 'email' || (await noticesInHour(tx, project)) < MAX_NOTICES_AN_HOUR;
}

/** Puts it where it is sent from. Returns to how many; 0 when nobody is there to get it. */
async function put(
  tx: Database,
  { id: rule, project, action }: Rule,
  { id, event, told }: { id: string; event: string | null; told: Told },
): Promise<number> {
  if ('notice' in told) {
    const users = action.channel === 'email' ? action.users : [];
    return tellUsers(tx, { id, project, rule, event, users, ...told.notice });
  }
  const webhook = action.channel === 'webhook' ? action.webhook : null;
  const message = { id, project, type: told.type, body: told.body };
  const { rowCount } = await tx.raw<{ rowCount: number }>(TELL, {
    ...message,
    webhook,
    receiver: webhook === null ? rule : null,
  } as never);
  return rowCount;
}

const DUE_DIGESTS = `
  select r.* from rules r join (
    select f.rule_id from rule_firings f where f.outcome = 'held'
    group by f.rule_id having min(f.at) < now() - :afterMs::float8 * interval '1 ms' limit :limit
  ) due on due.rule_id = r.id`;

const DIGEST = `
  with digested as (
    update rule_firings f set outcome = 'digested'
    where f.rule_id = :rule and f.outcome = 'held' returning f.source, f.event_id
  )
  select count(*)::int as n, min(event_id) as first,
    (array_agg(source order by event_id) filter (where source is not null))[1:5] as sources from digested`;

/** One message instead of many, for what was held back for so long, ms. Returns how many rules that was. */
export function digestRules(
  database: Database,
  afterMs: number,
  limit: number,
  write: (rule: Rule, sources: readonly string[], count: number) => Told,
): Promise<number> {
  return database.transaction(async (tx) => {
    const { rows } = await tx.raw<{ rows: RuleRow[] }>(DUE_DIGESTS, { afterMs, limit });
    let done = 0;
    for (const rule of rows.map(toRule)) {
      // For mail there may be no place yet; then it stays held.
      if (!(await hasPlace(tx, rule))) continue;
      const { rows: held } = await tx.raw<{
        rows: [{ n: number; first: string; sources: string[] | null }];
      }>(DIGEST, { rule: rule.id });
      const [{ n, first, sources }] = held;
      if (n > 0) {
        const told = write(rule, sources ?? [], n);
        await put(tx, rule, { id: `${first}-digest-${rule.id}`, event: null, told });
      }
      done += 1;
    }
    return done;
  });
}
