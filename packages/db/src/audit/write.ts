import type { Actor, AuditEntry, AuditPlace, CountedRefusal } from '@spiderhub/core';
import type { Database } from '../database.ts';

const MAX_CLIENT = 200;
const MAX_OBJECT = 500;

// What is about a user stands in the log of each of its organisations, and what is nobody's in that of the installation.
const INSERT = `
  with found as (
    select o.id as organisation, null::int as project from organisations o where o.id = :organisation::int
    union all select p.organisation_id, p.id from projects p where p.id = :project::int
    union select m.organisation_id, null::int from members m where m.user_id = :subject::int
    union select p.organisation_id, p.id from project_members s join projects p on p.id = s.project_id
      where s.user_id = :subject::int
        and p.organisation_id not in (select m.organisation_id from members m where m.user_id = :subject::int)
  )
  insert into audit_log (organisation_id, project_id, outcome, times, actor_kind, actor, user_id, key_id, session_id, address,
    client, action, object, before, after, why)
  select f.organisation, f.project, :outcome, :times, :kind, :name, :user, :key, :session, :address, :client, :action,
    :object, :before::json, :after::json, :why
  from (select * from found union all select null, null where not exists (select from found)) f`;

/** Notes a change; in the transaction that makes it, so that there is none without the other. */
export async function audit(tx: Database, actor: Actor, entry: AuditEntry): Promise<void> {
  const { action, place, object, before = null, after = null } = entry;
  await tx.raw(INSERT, {
    ...placeBindings(place),
    ...actorBindings(actor),
    outcome: 'done',
    times: 1,
    action,
    why: null,
    object: object.slice(0, MAX_OBJECT),
    before: before && jsonOf(before),
    after: after && jsonOf(after),
  } as never);
}

/** Notes what was refused, and how often. */
export async function auditRefusal(db: Database, refusal: CountedRefusal): Promise<void> {
  const { actor, action, place, object, why, times } = refusal;
  await db.raw(INSERT, {
    ...placeBindings(place),
    ...actorBindings(actor),
    outcome: 'refused',
    times,
    action,
    why,
    object: object.slice(0, MAX_OBJECT),
    before: null,
    after: null,
  } as never);
}

function placeBindings(place: AuditPlace): Record<string, number | null> {
  const none = { organisation: null, project: null, subject: null };
  if (place === null) return none;
  return 'user' in place ? { ...none, subject: place.user } : { ...none, ...place };
}

/** Who, as the columns have it. */
export function actorBindings({
  kind,
  name,
  user,
  key,
  session,
  address,
  client,
}: Actor): Record<string, unknown> {
  return { kind, name, user, key, session, address, client: client?.slice(0, MAX_CLIENT) ?? null };
}

/** A text that Postgres cannot store must not undo the change that it tells of. */
function jsonOf(value: Record<string, unknown>): string {
  return JSON.stringify(value).replaceAll('\\u0000', '\\ufffd');
}
