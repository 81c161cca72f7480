import {
  type Actor,
  addressWithoutSecrets,
  type Delivery,
  type Message,
  type Sealed,
  type Webhook,
  type WebhookPlan,
  type WebhookStore,
  webhookErrors,
} from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { holdCeiling } from '../jobs/ceilings.ts';
import { translated } from '../pg-errors.ts';
import { isSealedAsNow } from '../stores/sealed-store.ts';

export interface WebhookRow {
  id: number;
  project_id: number;
  url: string;
  description: string;
  types: string[];
  spiders: string[];
  has_tag: string[];
  disabled_at: Date | null;
  disabled_why: string | null;
  failing_since: Date | null;
  created_by: string;
  created_at: Date;
}

interface DeliveryRow {
  message_id: string;
  type: string;
  state: Delivery['state'];
  tries: number;
  created_at: Date;
  next_at: Date | null;
  tried_at: Date | null;
  status: number | null;
  error: string | null;
  duration_ms: number | null;
  answer: string | null;
}

const CREATE = `
  insert into webhooks (id, project_id, url, description, types, spiders, has_tag, created_by)
  values (:id, :project, :url, :description, :types::text[], :spiders::text[], :hasTag::text[], :by) returning *`;

// Enabling begins anew: what failed before is no reason to disable it again.
const CHANGE = `
  update webhooks set url = coalesce(:url, url), description = coalesce(:description, description),
    types = coalesce(:types::text[], types), spiders = coalesce(:spiders::text[], spiders),
    has_tag = coalesce(:hasTag::text[], has_tag),
    disabled_at = case :isDisabled::boolean when true then coalesce(disabled_at, now()) when false then null else disabled_at end,
    disabled_why = case :isDisabled::boolean when true then coalesce(disabled_why, 'by people') when false then null
      else disabled_why end,
    failing_since = case :isDisabled::boolean when false then null else failing_since end
  where project_id = :project and id = :id and rule_id is null returning *`;

const ADD_SECRET = `insert into webhook_secrets (webhook_id, sealed, key_id) values (:id, :sealed, :keyId)`;

const RETIRE = `
  update webhook_secrets s set until = coalesce(s.until, now() + :oldMs::float8 * interval '1 ms')
  where s.webhook_id = :id`;

// The newest old one is enough: a receiver that missed two changes has to be told.
const FORGET = `
  delete from webhook_secrets s where s.webhook_id = :id and (s.until < now() or s.id not in (
    select k.id from webhook_secrets k where k.webhook_id = :id order by k.id desc limit 1))`;

const LISTED = `
  d.webhook_id = (select id from webhooks where project_id = :project and id = :id)
    and (:states::text[] is null or d.state = any(:states::text[]))
    and (:before::timestamptz is null or d.created_at < :before::timestamptz)`;

// What was made by one transaction was made in one moment, and a moment names the place where a page ends: so it is not cut.
const DELIVERIES = `
  with page as (
    select d.created_at from webhook_deliveries d where ${LISTED} order by d.created_at desc limit :limit
  )
  select d.message_id, m.type, d.state, d.tries, d.created_at, d.next_at, d.tried_at, d.status, d.error, d.duration_ms, d.answer
  from webhook_deliveries d join webhook_messages m on m.id = d.message_id
  where ${LISTED} and d.created_at >= (select date_trunc('milliseconds', min(p.created_at)) from page p)
  order by d.created_at desc, d.message_id`;

const REPLAY = `
  update webhook_deliveries d set state = 'waiting', tries = 0, next_at = now(), lease_until = null
  where d.webhook_id = (select id from webhooks where project_id = :project and id = :id)
    and (:message::text is null or d.message_id = :message::text)
    and (:since::timestamptz is null or d.created_at >= :since::timestamptz)
    and (:until::timestamptz is null or d.created_at < :until::timestamptz)
    and (:states::text[] is null or d.state = any(:states::text[]))`;

const ADD = `
  with to_one as (select id, project_id from webhooks where project_id = :project and id = :id),
  made as (
    insert into webhook_messages (id, project_id, type, body) select :message, project_id, :type, :body from to_one
    returning id
  )
  insert into webhook_deliveries (webhook_id, message_id) select to_one.id, made.id from to_one, made`;

const COUNT = `
  select count(*) filter (where p.id = :project) as project, count(*) as organisation
  from webhooks w join projects p on p.id = w.project_id where p.organisation_id = :organisation and w.rule_id is null`;

export function createWebhookStore(database: Database): WebhookStore {
  return translated<WebhookStore>({
    async list(project) {
      const rows: WebhookRow[] = await database('webhooks')
        .where({ project_id: project, rule_id: null })
        .orderBy('id');
      return rows.map(toWebhook);
    },
    async find(project, id) {
      const row: WebhookRow | undefined = await database('webhooks')
        .where({ project_id: project, id, rule_id: null })
        .first();
      return row ? toWebhook(row) : null;
    },
    async nextId() {
      const { rows } = await database.raw<{ rows: [{ id: string }] }>(
        `select nextval(pg_get_serial_sequence('webhooks', 'id')) as id`,
      );
      return Number(rows[0].id);
    },
    ...changes(database),
    async deliveries(project, id, { states, before, limit }) {
      const asked = { project, id, states: states ? [...states] : null, before, limit };
      const { rows } = await database.raw<{ rows: DeliveryRow[] }>(DELIVERIES, asked);
      return rows.map(toDelivery);
    },
  });
}

type Change =
  | 'webhook.made'
  | 'webhook.changed'
  | 'webhook.rotated'
  | 'webhook.tested'
  | 'webhook.replayed'
  | 'webhook.removed';
type Shown = ReturnType<typeof shown> | null;

function note(
  tx: Database,
  actor: Actor,
  action: Change,
  { project, id }: { project: number; id: number },
  before: Shown = null,
  after: Record<string, unknown> | null = null,
): Promise<void> {
  return audit(tx, actor, { action, place: { project }, object: `webhook ${id}`, before, after });
}

/** What the audit log keeps of one. */
function shown({ url, description, types, spiders, hasTag, disabledAt }: Webhook) {
  return {
    url: addressWithoutSecrets(url),
    description,
    types,
    spiders,
    hasTag,
    disabled: disabledAt !== null,
  };
}

/** What people do with webhooks. */
function changes(
  database: Database,
): Pick<WebhookStore, 'create' | 'change' | 'remove' | 'rotate' | 'add' | 'replay'> {
  return {
    create: (actor, webhook, secret, most, ceiling) =>
      database.transaction(async (tx) => {
        if (ceiling) await holdCeiling(tx, 'webhooks', ceiling, COUNT);
        await holdMost(tx, webhook.project, most);
        if (!(await isSealedAsNow(tx, [secret.keyId]))) return null;
        const { rows } = await tx.raw<{ rows: [WebhookRow] }>(CREATE, { ...webhook, by: actor.name });
        await tx.raw(ADD_SECRET, { id: webhook.id, ...secret });
        const made = toWebhook(rows[0]);
        await note(tx, actor, 'webhook.made', made, null, shown(made));
        return made;
      }),
    change: (actor, project, id, { isDisabled = null, ...plan }) =>
      database.transaction(async (tx) => {
        const before = await locked(tx, project, id);
        if (!before) return null;
        const { rows } = await tx.raw<{ rows: [WebhookRow] }>(CHANGE, {
          project,
          id,
          isDisabled,
          ...allOf(plan),
        });
        const changed = toWebhook(rows[0]);
        await note(tx, actor, 'webhook.changed', changed, shown(before), shown(changed));
        return changed;
      }),
    remove: (actor, project, id) =>
      database.transaction(async (tx) => {
        const before = await locked(tx, project, id);
        if (!before) return false;
        await tx('webhooks').where({ project_id: project, id, rule_id: null }).delete();
        await note(tx, actor, 'webhook.removed', before, shown(before));
        return true;
      }),
    rotate: (actor, project, id, secret, oldMs) =>
      database.transaction(async (tx) => {
        const isDone = await rotate(tx, { project, id }, secret, oldMs);
        if (isDone) await note(tx, actor, 'webhook.rotated', { project, id });
        return isDone;
      }),
    add: (actor, project, id, { id: message, type, body }: Message) =>
      database.transaction(async (tx) => {
        const asked = { project, id, message, type, body };
        const { rowCount } = await tx.raw<{ rowCount: number }>(ADD, asked);
        if (rowCount > 0) await note(tx, actor, 'webhook.tested', { project, id }, null, { message });
        return rowCount > 0;
      }),
    replay: (actor, project, id, { message = null, since = null, until = null, states }) =>
      database.transaction(async (tx) => {
        const asked = { message, since, until, states: states ? [...states] : null };
        const { rowCount } = await tx.raw<{ rowCount: number }>(REPLAY, { project, id, ...asked } as never);
        const after = { ...asked, deliveries: rowCount };
        if (rowCount > 0) await note(tx, actor, 'webhook.replayed', { project, id }, null, after);
        return rowCount;
      }),
  };
}

async function locked(tx: Database, project: number, id: number): Promise<Webhook | null> {
  const its = { project_id: project, id, rule_id: null };
  const row: WebhookRow | undefined = await tx('webhooks').where(its).forUpdate().first();
  return row ? toWebhook(row) : null;
}

/** One at a time, so that the limit holds. */
async function holdMost(tx: Database, project: number, most: number): Promise<void> {
  await tx.raw('select from projects where id = ? for no key update', [project]);
  const row = await tx('webhooks').where({ project_id: project, rule_id: null }).count({ n: '*' }).first();
  if (Number(row?.n) >= most) throw webhookErrors.tooMany(most);
}

/** What is not named is null: it stays. */
function allOf({
  url = null,
  description = null,
  types,
  spiders,
  hasTag,
}: Partial<{ [F in keyof WebhookPlan]: WebhookPlan[F] | null }>) {
  return { url, description, types: types ?? null, spiders: spiders ?? null, hasTag: hasTag ?? null };
}

async function rotate(
  tx: Database,
  { project, id }: { project: number; id: number },
  secret: Sealed,
  oldMs: number,
): Promise<boolean | null> {
  const found = await tx('webhooks').where({ project_id: project, id }).forUpdate().first('id');
  if (!found) return false;
  if (!(await isSealedAsNow(tx, [secret.keyId]))) return null;
  await tx.raw(FORGET, { id });
  await tx.raw(RETIRE, { id, oldMs });
  await tx.raw(ADD_SECRET, { id, ...secret });
  return true;
}

export function toWebhook(row: WebhookRow): Webhook {
  return {
    id: row.id,
    project: row.project_id,
    url: row.url,
    description: row.description,
    types: row.types,
    spiders: row.spiders,
    hasTag: row.has_tag,
    disabledAt: row.disabled_at,
    disabledWhy: row.disabled_why,
    failingSince: row.failing_since,
    createdBy: row.created_by,
    createdAt: row.created_at,
  };
}

function toDelivery(row: DeliveryRow): Delivery {
  return {
    message: row.message_id,
    type: row.type,
    state: row.state,
    tries: row.tries,
    createdAt: row.created_at,
    nextAt: row.state === 'waiting' ? row.next_at : null,
    triedAt: row.tried_at,
    status: row.status,
    error: row.error,
    durationMs: row.duration_ms,
    answer: row.answer,
  };
}
