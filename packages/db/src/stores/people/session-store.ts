import {
  type Actor,
  type NewSession,
  type Principal,
  SESSION_IDLE_MS,
  SESSION_MS,
  type Session,
  type SessionStore,
} from '@spiderhub/core';
import { audit } from '../../audit/write.ts';
import type { Database } from '../../database.ts';
import { translated } from '../../pg-errors.ts';
import { type MembershipRow, membershipColumns, membershipsOf } from './memberships-sql.ts';

interface SessionRow {
  token_hash: Buffer;
  id: number;
  user_id: number;
  created_at: Date;
  seen_at: Date;
  ends_at: Date;
  address: string | null;
  client: string | null;
}

type FoundRow = SessionRow & MembershipRow & { name: string; staff: boolean };

/** How old `seen_at` gets before it is written anew, ms: not each request is worth a write. */
const SEEN_MS = 60_000;

const IS_ALIVE = `s.ends_at > now() and s.seen_at > now() - interval '${SESSION_IDLE_MS} ms'`;

const FIND_ALL = `
  with seen as (
    update sessions s set seen_at = now()
    where s.token_hash = any(:tokenHashes::bytea[]) and ${IS_ALIVE} and s.seen_at < now() - interval '${SEEN_MS} ms'
  )
  select s.*, u.name, u.staff, ${membershipColumns('s.user_id')}
  from sessions s join users u on u.id = s.user_id
  where s.token_hash = any(:tokenHashes::bytea[]) and ${IS_ALIVE}`;

export function createSessionStore(database: Database): SessionStore {
  async function findAll(tokenHashes: readonly Buffer[]): Promise<FoundRow[]> {
    const { rows } = await database.raw<{ rows: FoundRow[] }>(FIND_ALL, { tokenHashes } as never);
    return rows;
  }

  return translated<SessionStore>({
    async open(session) {
      await database('sessions as s').whereRaw(`not (${IS_ALIVE})`).delete();
      return database.transaction((tx) => open(tx, session));
    },
    async find(tokenHash) {
      const row = (await findAll([tokenHash]))[0];
      return row ? { session: toSession(row), who: toPrincipal(row) } : null;
    },
    async findAll(tokenHashes) {
      const rows = await findAll(tokenHashes);
      const found = new Map(rows.map((row) => [row.token_hash.toString('hex'), toPrincipal(row)]));
      return tokenHashes.map((hash) => found.get(hash.toString('hex')) ?? null);
    },
    async list(user) {
      const rows: SessionRow[] = await database('sessions as s')
        .where({ user_id: user })
        .whereRaw(IS_ALIVE)
        .orderBy('seen_at', 'desc')
        .orderBy('id', 'desc')
        .select('s.*');
      return rows.map(toSession);
    },
    close: (actor, user, id) =>
      database.transaction(async (tx) => {
        const isGone = (await tx('sessions').where({ user_id: user, id }).delete()) > 0;
        const object = `session ${id}`;
        if (isGone) await audit(tx, actor, { action: 'session.ended', place: { user }, object });
        return isGone;
      }),
    closeOthers: (actor, user, except) =>
      database.transaction(async (tx) => {
        const others = tx('sessions').where({ user_id: user });
        const count = await others.whereNot({ id: except ?? 0 }).delete();
        const object = `${count} sessions of user ${user}`;
        if (count > 0) await audit(tx, actor, { action: 'session.ended', place: { user }, object });
        return count;
      }),
  });
}

function toPrincipal(row: FoundRow): Principal {
  const { id, user_id: user, name, staff } = row;
  return { name, user, staff, shown: { session: id }, ...membershipsOf(row) };
}

async function open(tx: Database, { tokenHash, user, address, client }: NewSession): Promise<Session> {
  const { rows } = await tx.raw<{ rows: [SessionRow & { name: string; staff: boolean }] }>(
    `insert into sessions (token_hash, user_id, address, client, ends_at)
    values (:tokenHash, :user, :address, :client, now() + interval '${SESSION_MS} ms')
    returning *, (select u.name from users u where u.id = user_id) as name,
      (select u.staff from users u where u.id = user_id) as staff`,
    { tokenHash, user, address, client } as never,
  );
  const session = toSession(rows[0]);
  const actor: Actor = {
    kind: rows[0].staff ? 'staff' : 'user',
    name: rows[0].name,
    user,
    key: null,
    session: session.id,
    address,
    client,
  };
  await audit(tx, actor, { action: 'session.began', place: { user }, object: `session ${session.id}` });
  return session;
}

function toSession(row: SessionRow): Session {
  const { id, user_id: user, created_at, seen_at, ends_at, address, client } = row;
  return { id, user, createdAt: created_at, seenAt: seen_at, endsAt: ends_at, address, client };
}
