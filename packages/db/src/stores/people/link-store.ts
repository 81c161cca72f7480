import {
  type Actor,
  type Addressee,
  accessErrors,
  accountErrors,
  type Invitation,
  type Link,
  type LinkStore,
  type Place,
  type Role,
  type UserLink,
} from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { setEmail, setPassword } from './account-store.ts';
import { accept, IS_GOOD } from './invitations.ts';

interface LinkRow {
  id: number;
  kind: Link['kind'];
  organisation_id: number;
  organisation: string;
  project_id: number | null;
  project: string | null;
  role: Role;
  email: string | null;
  user_id: number | null;
  user: string | null;
  made_by: string;
  created_at: Date;
  expires_at: Date;
}

export function createLinkStore(database: Database): LinkStore {
  return translated<LinkStore>({
    invite: (actor, place, role, tokenHash, forMs, to = null) =>
      database.transaction((tx) => invite(tx, actor, place, { role, tokenHash, forMs, to })),
    forUser: (actor, kind, user, tokenHash, forMs, email = null) =>
      database.transaction(async (tx) => {
        await checkStaff(tx, actor, user);
        await tx('links').where({ kind, user_id: user }).whereNull('used_at').delete();
        const { rows } = await tx.raw<{ rows: [{ expires_at: Date }] }>(
          `insert into links (kind, token_hash, user_id, email, made_by, expires_at)
          values (:kind, :tokenHash, :user, :email, :by, now() + :forMs * interval '1 ms') returning expires_at`,
          { kind, tokenHash, user, email, by: actor.name, forMs } as never,
        );
        await audit(tx, actor, {
          action: 'link.made',
          place: { user },
          object: `user ${user}`,
          after: { kind },
        });
        return { expiresAt: rows[0].expires_at };
      }),
    async look(tokenHash) {
      const row: LinkRow | undefined = await rows(database).where('l.token_hash', tokenHash).first();
      if (!row) return null;
      if (row.kind === 'invitation') return { kind: row.kind, ...toInvitation(row) };
      return { kind: row.kind, user: row.user ?? '', expiresAt: row.expires_at };
    },
    waiting: async (place) => (await invitations(database, place).orderBy('l.id')).map(toInvitation),
    takeEmail: (actor, tokenHash) =>
      database.transaction(async (tx) => {
        const used = await take(tx, actor, 'email', tokenHash, actor.user);
        if (used) await setEmail(tx, actor, used.user, used.email);
        return used !== null;
      }),
    withdraw: (actor, place, id) =>
      database.transaction(async (tx) => {
        const isGone = (await invitations(tx, place, false).where({ id }).delete()) > 0;
        const object = `invitation ${id}`;
        if (isGone) await audit(tx, actor, { action: 'invitation.withdrawn', place, object });
        return isGone;
      }),
    accept: (actor, tokenHash, guest) => database.transaction((tx) => accept(tx, actor, tokenHash, guest)),
    takeSignIn: (actor, tokenHash) => database.transaction((tx) => take(tx, actor, 'sign-in', tokenHash)),
    takePassword: (actor, tokenHash, passwordHash) =>
      database.transaction(async (tx) => {
        const used = await take(tx, actor, 'password', tokenHash);
        if (used) await setPassword(tx, actor, used.user, passwordHash, null);
        return used;
      }),
  });
}

/** Who made a link for a user of the staff would be staff. The lock: whoever becomes staff meanwhile loses the link. */
async function checkStaff(tx: Database, actor: Actor, user: number): Promise<void> {
  if (!['user', 'key'].includes(actor.kind) || actor.user === user) return;
  const row = await tx('users').where({ id: user }).forShare().first('staff');
  if (row?.staff) throw accessErrors.forbidden('this user is staff: only staff makes such a link');
}

/** Links that are still good, with the names of what they are for. */
function rows(database: Database) {
  return database('links as l')
    .leftJoin('organisations as o', 'o.id', 'l.organisation_id')
    .leftJoin('projects as p', 'p.id', 'l.project_id')
    .leftJoin('users as u', 'u.id', 'l.user_id')
    .whereRaw(IS_GOOD)
    .select('l.*', 'o.name as organisation', 'p.name as project', 'u.name as user');
}

function invitations(database: Database, place: Place, withNames = true) {
  const query = withNames ? rows(database) : database('links as l').whereRaw(IS_GOOD);
  query.where('l.kind', 'invitation');
  if ('project' in place) return query.where('l.project_id', place.project);
  return query.where('l.organisation_id', place.organisation).whereNull('l.project_id');
}

function toInvitation(row: LinkRow): Invitation {
  return {
    id: row.id,
    organisation: { id: row.organisation_id, name: row.organisation },
    project: row.project_id === null ? null : { id: row.project_id, name: row.project ?? '' },
    role: row.role,
    email: row.email,
    madeBy: row.made_by,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}

async function invite(
  database: Database,
  actor: Actor,
  place: Place,
  { to, ...made }: { role: Role; tokenHash: Buffer; forMs: number; to: Addressee | null },
): Promise<Invitation> {
  const project = 'project' in place ? place.project : null;
  const where = 'project' in place ? 'p.id = :project' : 'o.id = :organisation and p.id is null';
  const { rowCount } = await database.raw(
    `insert into links (kind, token_hash, organisation_id, project_id, role, email, mailed, made_by, expires_at)
    select 'invitation', :tokenHash, o.id, p.id, :role, :email, :mailed, :by, now() + :forMs * interval '1 ms'
    from organisations o left join projects p on p.organisation_id = o.id and p.id = :project
    where ${where}`,
    {
      ...made,
      project,
      email: to?.email ?? null,
      mailed: to?.mailed ?? false,
      by: actor.name,
      ...('organisation' in place && place),
    } as never,
  );
  if (rowCount === 0) {
    throw 'project' in place
      ? accessErrors.projectNotFound(place.project)
      : accountErrors.notFound('organisation', String(place.organisation));
  }
  const invitation = toInvitation(await rows(database).where('l.token_hash', made.tokenHash).first());
  await audit(database, actor, {
    action: 'invitation.made',
    place,
    object: `invitation ${invitation.id}`,
    after: { role: made.role, ...(to && { email: to.email }) },
  });
  return invitation;
}

/** Whoever comes first uses it up; a second one finds nothing. */
async function take(
  tx: Database,
  actor: Actor,
  kind: UserLink,
  tokenHash: Buffer,
  of?: number | null,
): Promise<{ user: number; email: string | null } | null> {
  const [row] = await tx('links as l')
    .where({ kind, token_hash: tokenHash, ...(of !== undefined && { user_id: of }) })
    .whereRaw(IS_GOOD)
    .update({ used_at: tx.fn.now(), used_by: tx.ref('user_id') })
    .returning(['user_id', 'email']);
  if (!row) return null;
  const user: number = row.user_id;
  await audit(tx, actor, { action: 'link.used', place: { user }, object: `user ${user}`, after: { kind } });
  return { user, email: row.email };
}
