import type { DeliveryStore, DueDelivery, TriedDelivery } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

// Endpoint by endpoint, so that a dead one with a long queue keeps nobody else's waiting, and organisation by organisation, so that
// one with many slow endpoints does not. `each` and `tenant` count what others have under way; two who claim at the same moment
// may pass them by a few. A single failure makes no endpoint a dead one: who takes nine of ten messages would be sent one at a
// time half of the time.
const CLAIM = `
  with endpoints as materialized (
    select w.id, p.organisation_id as tenant,
      coalesce(w.failing_since <= now() - :failingAfterMs::float8 * interval '1 ms', false) as failing
    from webhooks w join projects p on p.id = w.project_id where w.disabled_at is null
  ),
  busy as materialized (
    select webhook_id, count(*)::int as n from webhook_deliveries
    where lease_until > now() and state = 'waiting' group by webhook_id
  ),
  tenants as materialized (
    select e.tenant, sum(b.n)::int as n from busy b join endpoints e on e.id = b.webhook_id group by e.tenant
  ),
  due as materialized (
    select d.webhook_id, d.message_id, w.failing, w.tenant
    from endpoints w
    left join busy b on b.webhook_id = w.id
    cross join lateral (
      select q.webhook_id, q.message_id from webhook_deliveries q
      where q.webhook_id = w.id and q.state = 'waiting' and q.next_at <= now()
      order by q.next_at
      limit greatest(0, case when w.failing then 1 else :each::int end - coalesce(b.n, 0))
      for update of q skip locked
    ) d
  ),
  picked as materialized (
    select d.* from (
      select d.*, row_number() over (partition by d.failing order by random()) as nth,
        row_number() over (partition by d.tenant order by random()) + coalesce(t.n, 0) as of_tenant
      from due d left join tenants t on t.tenant = d.tenant
    ) d
    where (not d.failing or d.nth <= :failing) and d.of_tenant <= :tenant
    order by d.of_tenant, random() limit :limit
  ),
  claimed as (
    update webhook_deliveries d set tries = d.tries + 1,
      lease_until = now() + :leaseMs::float8 * interval '1 ms', next_at = now() + :leaseMs::float8 * interval '1 ms'
    from picked p where d.webhook_id = p.webhook_id and d.message_id = p.message_id
    returning d.webhook_id, d.message_id, d.tries, p.failing
  )
  select c.webhook_id as endpoint, c.message_id as message, c.tries, c.failing as "isFailing",
    w.project_id as project, w.url, m.body,
    (select json_agg(json_build_object('keyId', s.key_id, 'sealed', encode(s.sealed, 'hex')) order by s.id desc)
     from webhook_secrets s where s.webhook_id = w.id and (s.until is null or s.until > now())) as secrets
  from claimed c join webhooks w on w.id = c.webhook_id join webhook_messages m on m.id = c.message_id`;

const SETTLE = `
  with tried as (
    select * from json_to_recordset(:tried::json) as t (
      endpoint integer, message text, tries integer, state text, "afterMs" float8, status integer, error text,
      "durationMs" integer, answer text, gone boolean)
  ),
  settled as (
    update webhook_deliveries d set state = t.state, lease_until = null, tried_at = now(),
      next_at = case t.state when 'waiting' then now() + t."afterMs" * interval '1 ms' end,
      status = t.status, error = t.error, duration_ms = t."durationMs", answer = t.answer
    from tried t
    where d.webhook_id = t.endpoint and d.message_id = t.message and d.tries = t.tries and d.state = 'waiting'
    returning d.webhook_id, t.state, t.gone, t."durationMs" as ms
  ),
  by_endpoint as (
    select webhook_id, bool_or(state = 'delivered') as works, bool_or(coalesce(gone, false)) as gone, max(ms) as ms
    from settled group by webhook_id
  ),
  changed as (
    update webhooks w set
      failing_since = case when not b.works then coalesce(w.failing_since, now() - b.ms * interval '1 ms') end,
      disabled_at = case when b.gone or (not b.works and w.failing_since < now() - :failingMs::float8 * interval '1 ms')
        then now() end,
      disabled_why = case when b.gone then 'it answered 410: gone'
        when not b.works and w.failing_since < now() - :failingMs::float8 * interval '1 ms'
        then 'every try has failed since ' || to_char(w.failing_since at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"') end
    from by_endpoint b
    where w.id = b.webhook_id and w.disabled_at is null
      and (b.gone or (b.works and w.failing_since is not null) or (not b.works and
        (w.failing_since is null or w.failing_since < now() - :failingMs::float8 * interval '1 ms')))
    returning w.id, w.project_id, w.rule_id, w.disabled_at, w.disabled_why
  )
  insert into events (project_id, type, data)
  select project_id, 'webhook.disabled', json_strip_nulls(
    json_build_object('webhook', id, 'rule', rule_id, 'reason', disabled_why))::text
  from changed where disabled_at is not null`;

/** Since when, ms, every try has to have failed for an endpoint to count as one that fails. */
const FAILING_AFTER_MS = 5000;

const REMOVE_OLD = `
  delete from webhook_messages where id in (
    select m.id from webhook_messages m
    where m.created_at < now() - :ageMs::float8 * interval '1 ms' order by m.created_at limit :limit)`;

type Row = Omit<DueDelivery, 'secrets'> & { secrets: { keyId: string; sealed: string }[] | null };

export function createDeliveryStore(database: Database): DeliveryStore {
  return translated<DeliveryStore>({
    async claim(how) {
      const { rows } = await database.raw<{ rows: Row[] }>(CLAIM, {
        ...how,
        failingAfterMs: FAILING_AFTER_MS,
      });
      return rows.map(({ secrets, ...row }) => ({
        ...row,
        secrets: (secrets ?? []).map(({ keyId, sealed }) => ({ keyId, sealed: Buffer.from(sealed, 'hex') })),
      }));
    },
    async settle(tried, failingMs) {
      await database.raw(SETTLE, { tried: JSON.stringify(tried.map(toRow)), failingMs });
    },
    async removeOld(ageMs, limit) {
      const { rowCount } = await database.raw<{ rowCount: number }>(REMOVE_OLD, { ageMs, limit });
      return rowCount;
    },
  });
}

function toRow({ endpoint, message, tries, attempted, verdict }: TriedDelivery) {
  const { status, error, durationMs, answer } = attempted;
  return {
    endpoint,
    message,
    tries,
    state: verdict.state,
    afterMs: verdict.state === 'waiting' ? verdict.afterMs : null,
    gone: verdict.state === 'failed' && verdict.gone,
    status,
    error,
    durationMs: Math.round(durationMs),
    answer,
  };
}
