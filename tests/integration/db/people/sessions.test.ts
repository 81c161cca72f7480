import { randomBytes } from 'node:crypto';
import { SESSION_IDLE_MS, SESSION_MS, type SessionStore, service } from '@spiderhub/core';
import { createAccountStore, createAdminStore, createMemberStore, createSessionStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';

let db: TestDatabase;
let sessions: SessionStore;
let user: number;
let count = 0;
const me = service('me');

beforeAll(async () => {
  db = await createTestDatabase();
  sessions = createSessionStore(db.database);
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  user = (await createAdminStore(db.database).createUser(`user-${count}`)).value.id;
});

async function open(client: string | null = null) {
  const tokenHash = randomBytes(32);
  const session = await sessions.open({ tokenHash, user, address: '192.0.2.1', client });
  return { tokenHash, session };
}

async function backdate(id: number, { seenMs, endsMs }: { seenMs?: number; endsMs?: number }) {
  await db
    .database('sessions')
    .where({ id })
    .update({
      ...(seenMs !== undefined && { seen_at: new Date(Date.now() - seenMs) }),
      ...(endsMs !== undefined && { ends_at: new Date(Date.now() + endsMs) }),
    });
}

it('lasts thirty days at most, and as long as it is used', async () => {
  const { tokenHash, session } = await open();
  expect(session.endsAt.getTime() - session.createdAt.getTime()).toBe(SESSION_MS);
  await backdate(session.id, { seenMs: SESSION_IDLE_MS - 60_000 });
  expect(await sessions.find(tokenHash)).toMatchObject({ session: { id: session.id } });
  await backdate(session.id, { endsMs: -1 });
  expect(await sessions.find(tokenHash)).toBeNull();
});

it('is gone when it was idle for too long, and finding it too late does not wake it', async () => {
  const { tokenHash, session } = await open();
  await backdate(session.id, { seenMs: SESSION_IDLE_MS + 5000 });
  expect(await sessions.find(tokenHash)).toBeNull();
  expect(await sessions.find(tokenHash)).toBeNull();
  expect(await sessions.list(user)).toEqual([]);
});

it('writes that it was seen once a minute, and not with every request', async () => {
  const { tokenHash, session } = await open();
  const seen = async () => (await sessions.list(user))[0]?.seenAt.getTime() ?? 0;
  await backdate(session.id, { seenMs: 50_000 });
  const before = await seen();
  await sessions.find(tokenHash);
  expect(await seen()).toBe(before);
  await backdate(session.id, { seenMs: 61_000 });
  const old = await seen();
  await sessions.find(tokenHash);
  expect(await seen()).toBeGreaterThan(old + 60_000);
});

it('clears away dead sessions of everybody when somebody signs in', async () => {
  const { session } = await open();
  await backdate(session.id, { endsMs: -1 });
  const idle = await open();
  await backdate(idle.session.id, { seenMs: SESSION_IDLE_MS + 1 });
  const { session: last } = await open();
  const rows = await db.database('sessions').where({ user_id: user }).select('id');
  expect(rows).toEqual([{ id: last.id }]);
});

it('answers several hashes in their order, repeated and unknown ones included', async () => {
  const [one, two] = [await open(), await open()];
  const unknown = randomBytes(32);
  const found = await sessions.findAll([two.tokenHash, unknown, one.tokenHash, two.tokenHash]);
  expect(found.map((who) => who?.shown)).toEqual([
    { session: two.session.id },
    undefined,
    { session: one.session.id },
    { session: two.session.id },
  ]);
  expect(await sessions.findAll([])).toEqual([]);
});

it('ends one of its own user alone', async () => {
  const { session, tokenHash } = await open();
  const other = (await createAdminStore(db.database).createUser(`other-${count}`)).value.id;
  expect(await sessions.close(me, other, session.id)).toBe(false);
  expect(await sessions.find(tokenHash)).not.toBeNull();
  const closed = await Promise.all([1, 2].map(() => sessions.close(me, user, session.id)));
  expect(closed.filter(Boolean)).toHaveLength(1);
  expect(await sessions.find(tokenHash)).toBeNull();
});

it('ends all but one, or all, and says how many', async () => {
  const [kept] = [await open(), await open(), await open()];
  expect(await sessions.closeOthers(me, user, kept.session.id)).toBe(2);
  expect(await sessions.closeOthers(me, user, kept.session.id)).toBe(0);
  expect(await sessions.closeOthers(me, user, null)).toBe(1);
  const log = await db
    .database('audit_log')
    .where({ action: 'session.ended' })
    .orderBy('id', 'desc')
    .limit(2);
  expect(log.map(({ object }) => object)).toEqual([
    `1 sessions of user ${user}`,
    `2 sessions of user ${user}`,
  ]);
});

it('lists the one that was seen last first', async () => {
  const ids = [(await open()).session.id, (await open()).session.id, (await open()).session.id];
  await backdate(ids[2] as number, { seenMs: 7000 });
  await backdate(ids[0] as number, { seenMs: 3000 });
  await backdate(ids[1] as number, { seenMs: 5000 });
  expect((await sessions.list(user)).map(({ id }) => id)).toEqual([ids[0], ids[1], ids[2]]);
});

it('knows what its user is a member of at this moment, and not when it was opened', async () => {
  const { tokenHash } = await open();
  const members = createMemberStore(db.database);
  const organisation = await members.createOrganisation(me, `org-${count}`);
  const project = await members.createProject(me, organisation.id, `project-${count}`, null);
  expect((await sessions.find(tokenHash))?.who.projects.size).toBe(0);
  await createAdminStore(db.database).addMember(`org-${count}`, `user-${count}`);
  const { who } = (await sessions.find(tokenHash)) ?? {};
  expect([...(who?.organisations.keys() ?? [])]).toEqual([organisation.id]);
  expect([...(who?.projects.keys() ?? [])]).toEqual([project.id]);
});

it('keeps the session in which a password is changed, and ends all others', async () => {
  const [here, there] = [await open(), await open()];
  await createAccountStore(db.database).setPassword(me, user, 'hash', here.session.id);
  expect((await sessions.list(user)).map(({ id }) => id)).toEqual([here.session.id]);
  expect(await sessions.find(there.tokenHash)).toBeNull();
});
