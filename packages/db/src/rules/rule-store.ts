import {
  type Actor,
  addressWithoutSecrets,
  type Rule,
  type RuleAction,
  type RuleConditions,
  type RuleFiring,
  type RulePlan,
  type RuleStore,
  ruleErrors,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';
import { keepWatches } from './keep-watches.ts';

export interface RuleRow {
  id: number;
  project_id: number;
  name: string;
  conditions: string;
  action: string;
  disabled: boolean;
  created_by: string;
  created_at: Date;
}

interface FiringRow {
  rule_id: number;
  event_id: string;
  at: Date;
  source: string | null;
  outcome: RuleFiring['outcome'];
  reason: string | null;
  job: string | null;
  depth: number;
}

const SHOWN = 100;

const LISTED = `
  f.project_id = :project and f.rule_id = :id and (:before::timestamptz is null or f.at < :before::timestamptz)`;

// As with deliveries: what fired in one moment is not cut.
const FIRINGS = `
  with page as (select f.at from rule_firings f where ${LISTED} order by f.at desc limit :limit)
  select f.* from rule_firings f
  where ${LISTED} and f.at >= (select date_trunc('milliseconds', min(p.at)) from page p)
  order by f.at desc, f.event_id`;

const columns = ({ name, when, action, disabled }: RulePlan) => ({
  name,
  conditions: JSON.stringify(when),
  action: JSON.stringify(action),
  disabled,
});

export function createRuleStore(database: Database): RuleStore {
  return translated<RuleStore>({
    async list(project) {
      const rows: RuleRow[] = await database('rules').where({ project_id: project }).orderBy('id');
      return rows.map(toRule);
    },
    async find(project, id) {
      const row: RuleRow | undefined = await database('rules').where({ project_id: project, id }).first();
      return row ? toRule(row) : null;
    },
    ...changes(database),
    async firings(project, id, before, limit) {
      const { rows } = await database.raw<{ rows: FiringRow[] }>(FIRINGS, { project, id, before, limit });
      return rows.map(toFiring);
    },
    async ofJob(project, key) {
      const [by, made] = await Promise.all([
        database('rule_firings').where({ project_id: project, job: key }).first<FiringRow | undefined>(),
        database('rule_firings')
          .where({ project_id: project, source: key })
          .orderBy(['at', 'rule_id'])
          .limit(SHOWN) as unknown as Promise<FiringRow[]>,
      ]);
      return { madeBy: by ? toFiring(by) : null, made: made.map(toFiring) };
    },
  });
}

/** What people do with rules. */
function changes(database: Database): Pick<RuleStore, 'create' | 'replace' | 'remove'> {
  return {
    create: (actor, project, plan, most) =>
      database.transaction(async (tx) => {
        // One at a time, so that the limit holds.
        await tx.raw('select from projects where id = ? for no key update', [project]);
        const count = await tx('rules').where({ project_id: project }).count({ n: '*' }).first();
        if (Number(count?.n) >= most) throw ruleErrors.tooMany(most);
        const [row] = await tx('rules')
          .insert({ project_id: project, ...columns(plan), created_by: actor.name })
          .returning<RuleRow[]>('*');
        if (!row) throw new Error('a rule was not stored');
        await keepReceiver(tx, row.id, project, plan.action);
        await keepWatches(tx, { id: row.id, project }, plan, null);
        await note(tx, actor, 'rule.made', { project, id: row.id }, null, plan);
        return toRule(row);
      }),
    replace: (actor, project, id, plan) =>
      database.transaction(async (tx) => {
        const before = await locked(tx, project, id);
        if (!before) return null;
        const rows = tx('rules').where({ project_id: project, id });
        const [row] = await rows.update(columns(plan)).returning<RuleRow[]>('*');
        await keepReceiver(tx, id, project, plan.action);
        await keepWatches(tx, { id, project }, plan, before);
        await note(tx, actor, 'rule.changed', { project, id }, before, plan);
        return toRule(row as RuleRow);
      }),
    remove: (actor, project, id) =>
      database.transaction(async (tx) => {
        const before = await locked(tx, project, id);
        if (!before) return false;
        await tx('rules').where({ project_id: project, id }).delete();
        await note(tx, actor, 'rule.removed', { project, id }, before, null);
        return true;
      }),
  };
}

async function locked(tx: Database, project: number, id: number): Promise<Rule | null> {
  const row: RuleRow | undefined = await tx('rules').where({ project_id: project, id }).forUpdate().first();
  return row ? toRule(row) : null;
}

function note(
  tx: Database,
  actor: Actor,
  action: 'rule.made' | 'rule.changed' | 'rule.removed',
  { project, id }: { project: number; id: number },
  before: RulePlan | null,
  after: RulePlan | null,
): Promise<void> {
  const plans = { before: before && shown(before), after: after && shown(after) };
  return audit(tx, actor, { action, place: { project }, object: `rule ${id}`, ...plans });
}

/** What the audit log keeps of one: arguments of its jobs may hold secrets. */
function shown({ name, disabled, when, action }: RulePlan) {
  const { channel } = action;
  if (channel === 'run') return { name, disabled, when, channel, spider: action.spider };
  if (channel === 'slack') return { name, disabled, when, channel, url: addressWithoutSecrets(action.url) };
  if (channel === 'email') return { name, disabled, when, channel, users: action.users };
  return { name, disabled, when, channel, webhook: action.webhook };
}

/** The address of a rule that sends to one: what it sends is delivered like everything else. */
async function keepReceiver(tx: Database, id: number, project: number, action: RuleAction): Promise<void> {
  const own = tx('webhooks').where({ rule_id: id });
  if (action.channel !== 'slack') return void (await own.delete());
  const columns = { url: action.url, disabled_at: null, disabled_why: null, failing_since: null };
  if ((await own.update(columns)) > 0) return;
  await tx('webhooks').insert({
    ...columns,
    project_id: project,
    rule_id: id,
    description: '',
    types: [],
    spiders: [],
    has_tag: [],
    created_by: 'rule',
  });
}

export function toRule(row: RuleRow): Rule {
  return {
    id: row.id,
    project: row.project_id,
    name: row.name,
    // What was stored before there was `noRun` has none.
    when: { noRun: null, ...(JSON.parse(row.conditions) as Omit<RuleConditions, 'noRun'>) },
    action: JSON.parse(row.action) as RuleAction,
    disabled: row.disabled,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

function toFiring(row: FiringRow): RuleFiring {
  return {
    rule: row.rule_id,
    event: row.event_id,
    at: row.at,
    source: row.source,
    outcome: row.outcome,
    reason: row.reason,
    job: row.job,
    depth: row.depth,
  };
}
