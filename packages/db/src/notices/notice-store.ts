import type { DueNotice, NoticeReader, NoticeStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

/** Whether user `u`, who has an address, belongs to project `p`: nobody else is ever written to. */
const MAY_BE_TOLD = `u.email is not null and (
  exists (select from members m where m.organisation_id = p.organisation_id and m.user_id = u.id)
  or exists (select from project_members s where s.project_id = p.id and s.user_id = u.id))`;

const ADDRESSEES = `
  select u.id as user, u.name from projects p cross join users u
  where p.id = :project and (
    u.id in (select m.user_id from members m where m.organisation_id = p.organisation_id)
    or u.id in (select s.user_id from project_members s where s.project_id = p.id))
    and u.email is not null
  order by u.name`;

const CLAIM = `
  with due as (
    select id from notices where state = 'waiting' and next_at <= now() order by next_at limit :limit
    for update skip locked
  ),
  claimed as (
    update notices n set tries = n.tries + 1, next_at = now() + :leaseMs::float8 * interval '1 ms'
    from due where n.id = due.id
    returning n.id, n.project_id, n.user_id, n.subject, n.body, n.place, n.tries
  )
  select c.id, c.subject, c.body as text, c.place, c.tries,
    (select u.email from users u, projects p where u.id = c.user_id and p.id = c.project_id and ${MAY_BE_TOLD}) as to
  from claimed c`;

const SETTLE = `
  with settled as (
    update notices n set state = :state, error = :error,
      next_at = now() + coalesce(:afterMs::float8, 0) * interval '1 ms'
    where n.id = :id and n.tries = :tries and n.state = 'waiting'
    returning n.rule_id, n.event_id, n.user_id, n.state, n.error
  )
  update rule_firings f set reason = concat_ws('; ', f.reason, u.name || ' was not told: ' || s.error)
  from settled s join users u on u.id = s.user_id
  where s.state = 'failed' and f.rule_id = s.rule_id and f.event_id = s.event_id`;

const REMOVE_OLD = `
  delete from notices where id in (
    select n.id from notices n
    where n.created_at < now() - :ageMs::float8 * interval '1 ms' order by n.created_at limit :limit)`;

const TELL_USERS = `
  insert into notices (id, project_id, user_id, rule_id, event_id, subject, body, place)
  select :id || '-' || u.id, p.id, u.id, :rule, :event, :subject, :text, :place
  from projects p cross join users u
  where p.id = :project and u.id = any(:users::int[]) and ${MAY_BE_TOLD}
  on conflict do nothing`;

const TELL_ADMINS = `
  insert into notices (id, project_id, user_id, subject, body, place)
  select :id || '-' || u.id, p.id, u.id, :subject, :text, :place
  from projects p join members a on a.organisation_id = p.organisation_id and a.role in ('owner', 'admin')
  join users u on u.id = a.user_id
  where p.id = :project and u.email is not null
  on conflict do nothing`;

const IN_HOUR = `
  select count(*)::int as n from projects o
  join projects p on p.organisation_id = o.organisation_id
  join notices n on n.project_id = p.id and n.created_at > now() - interval '1 hour'
  where o.id = :project`;

export function createNoticeStore(database: Database): NoticeStore {
  return translated<NoticeStore>({
    async addressees(project) {
      const { rows } = await database.raw<{ rows: NoticeReader[] }>(ADDRESSEES, { project });
      return rows;
    },
    async claim(limit, leaseMs) {
      const { rows } = await database.raw<{ rows: DueNotice[] }>(CLAIM, { limit, leaseMs });
      return rows;
    },
    async settle(id, tries, end) {
      const { error, afterMs = null } = end.state === 'sent' ? { error: null } : end;
      await database.raw(SETTLE, { id, tries, state: end.state, error, afterMs });
    },
    async removeOld(ageMs, limit) {
      const { rowCount } = await database.raw<{ rowCount: number }>(REMOVE_OLD, { ageMs, limit });
      return rowCount;
    },
  });
}

/** Which notice it is, and what it says. */
export interface WrittenNotice {
  id: string;
  project: number;
  subject: string;
  text: string;
  place: string | null;
}

/** Puts a notice of a rule into the post of those of `users` who may be told. Returns how many they are. */
export async function tellUsers(
  tx: Database,
  notice: WrittenNotice & { rule: number; event: string | null; users: number[] },
): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(TELL_USERS, { ...notice } as never);
  return rowCount;
}

/** Puts a notice into the post of all who administer the project's organisation. Returns how many they are. */
export async function tellAdmins(tx: Database, notice: WrittenNotice): Promise<number> {
  const { rowCount } = await tx.raw<{ rowCount: number }>(TELL_ADMINS, { ...notice } as never);
  return rowCount;
}

/** How many notices were written within an hour for the projects of the organisation that this one belongs to. */
export async function noticesInHour(tx: Database, project: number): Promise<number> {
  const { rows } = await tx.raw<{ rows: [{ n: number }] }>(IN_HOUR, { project });
  return rows[0].n;
}
