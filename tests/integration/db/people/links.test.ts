import { randomBytes } from 'node:crypto';
import { type Actor, COMMAND, type LinkStore, service } from '@spiderhub/core';
import {
  createAccountStore,
  createAdminStore,
  createLinkStore,
  createMemberStore,
  createSessionStore,
} from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';

const HOUR = 3_600_000;

let db: TestDatabase;
let links: LinkStore;
let count = 0;
let organisation: number;

beforeAll(async () => {
  db = await createTestDatabase();
  links = createLinkStore(db.database);
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  organisation = (await createAdminStore(db.database).createOrganisation(`org-${count}`)).value.id;
});

const token = () => randomBytes(32);
const me = service('me');
const members = () => createMemberStore(db.database);
const accounts = () => createAccountStore(db.database);

async function newUser(name: string, { staff = false, email = null as string | null } = {}): Promise<number> {
  const [row] = await db
    .database('users')
    .insert({ name: `${name}-${count}`, staff, email })
    .returning('id');
  return row.id;
}

const byUser = (user: number): Actor => ({ ...me, kind: 'user', name: `user ${user}`, user });

async function invited(role: 'admin' | 'reader' | 'owner' = 'reader', email?: string, mailed = true) {
  const hash = token();
  const to = email === undefined ? null : { email, mailed };
  const invitation = await links.invite(me, { organisation }, role, hash, HOUR, to);
  return { hash, invitation };
}

it('lets one of two guests who take an invitation in the same moment in, and the other one finds nothing', async () => {
  const { hash } = await invited();
  const guests = ['ann', 'bob'].map((name) => ({ name: `${name}-${count}`, passwordHash: 'x' }));
  const taken = await Promise.all(guests.map((guest) => links.accept(me, hash, guest)));
  expect(taken.filter((user) => user === null)).toHaveLength(1);
  const [winner] = taken.filter((user) => user !== null);
  expect(await members().members({ organisation })).toMatchObject([{ user: winner?.user, role: 'reader' }]);
  // The one who came too late is no user either.
  const loser = guests[taken.indexOf(null)]?.name ?? '';
  expect(await accounts().byName(loser)).toBeNull();
});

it('keeps an invitation good when the name of the guest is taken', async () => {
  const { hash } = await invited();
  await newUser('taken');
  const guest = { name: `taken-${count}`, passwordHash: 'x' };
  await expect(links.accept(me, hash, guest)).rejects.toMatchObject({ kind: 'conflict' });
  expect(await links.look(hash)).toMatchObject({ kind: 'invitation', role: 'reader' });
  expect(await links.accept(me, hash, { ...guest, name: `free-${count}` })).not.toBeNull();
  expect(await links.look(hash)).toBeNull();
});

it('gives a member more by an invitation and never less', async () => {
  const user = await newUser('ann');
  const take = async (role: 'owner' | 'admin' | 'reader') => {
    const { hash } = await invited(role);
    await links.accept(me, hash, { user });
    return members().roleOf({ organisation }, user);
  };
  expect([await take('admin'), await take('reader'), await take('owner'), await take('admin')]).toEqual([
    'admin',
    'admin',
    'owner',
    'owner',
  ]);
});

it('gives the address of a mailed invitation to who takes it, unless that one or another has it already', async () => {
  const post = async (user: number, email: string, mailed = true) => {
    const { hash } = await invited('reader', email, mailed);
    await links.accept(me, hash, { user });
    return (await accounts().byNumber(user))?.email;
  };
  const [ann, bob, cid] = [await newUser('ann'), await newUser('bob'), await newUser('cid')];
  expect(await post(ann, `handed-${count}@example.org`, false)).toBeNull();
  expect(await post(ann, `ann-${count}@example.org`)).toBe(`ann-${count}@example.org`);
  expect(await post(ann, `other-${count}@example.org`)).toBe(`ann-${count}@example.org`);
  expect(await post(bob, `ANN-${count}@example.org`)).toBeNull();
  expect(await members().roleOf({ organisation }, bob)).toBe('reader');
  expect(await post(cid, `cid-${count}@example.org`)).toBe(`cid-${count}@example.org`);
});

it('treats a link that is unknown, too old, of another kind or withdrawn alike', async () => {
  const user = await newUser('ann');
  const [old, password] = [token(), token()];
  await links.forUser(me, 'sign-in', user, old, -1);
  await links.forUser(me, 'password', user, password, HOUR);
  const { hash, invitation } = await invited();
  expect(await links.withdraw(me, { organisation }, invitation.id)).toBe(true);
  expect(await links.withdraw(me, { organisation }, invitation.id)).toBe(false);
  for (const each of [token(), old, hash]) {
    expect(await links.look(each)).toBeNull();
    expect(await links.takeSignIn(me, each)).toBeNull();
  }
  expect(await links.takeSignIn(me, password)).toBeNull();
  expect(await links.accept(me, password, { user })).toBeNull();
  expect(await links.takePassword(me, password, 'hash')).toMatchObject({ user });
});

it('withdraws an invitation only where it was made', async () => {
  const { value: project } = await createAdminStore(db.database).createProject({
    id: null,
    organisation: `org-${count}`,
    name: `p-${count}`,
    paused: false,
  });
  const hash = token();
  const invitation = await links.invite(me, { project: project.id }, 'reader', hash, HOUR);
  expect(invitation.project).toEqual({ id: project.id, name: `p-${count}` });
  expect(await links.withdraw(me, { organisation }, invitation.id)).toBe(false);
  expect(await links.waiting({ organisation })).toEqual([]);
  expect((await links.waiting({ project: project.id })).map(({ id }) => id)).toEqual([invitation.id]);
  for (const place of [{ organisation: 999_999 }, { project: 999_999 }])
    await expect(links.invite(me, place, 'reader', token(), HOUR)).rejects.toMatchObject({
      kind: 'not_found',
    });
});

it('ends an older link of the same kind, and leaves those of other kinds and users', async () => {
  const [ann, bob] = [await newUser('ann'), await newUser('bob')];
  const [first, second, other, kind] = [token(), token(), token(), token()];
  await links.forUser(me, 'password', ann, first, HOUR);
  await links.forUser(me, 'password', bob, other, HOUR);
  await links.forUser(me, 'sign-in', ann, kind, HOUR);
  await links.forUser(me, 'password', ann, second, HOUR);
  const good = await Promise.all([first, second, other, kind].map((each) => links.look(each)));
  expect(good.map((link) => link !== null)).toEqual([false, true, true, true]);
});

it('sets a password once for two who have the same link, and ends sessions and other links with it', async () => {
  const user = await newUser('ann');
  const [hash, signIn] = [token(), token()];
  await links.forUser(me, 'password', user, hash, HOUR);
  await links.forUser(me, 'sign-in', user, signIn, HOUR);
  const sessions = createSessionStore(db.database);
  await sessions.open({ tokenHash: token(), user, address: null, client: null });
  const taken = await Promise.all(['one', 'two'].map((word) => links.takePassword(me, hash, word)));
  expect(taken.filter(Boolean)).toHaveLength(1);
  const account = await accounts().byNumber(user);
  expect(account?.passwordHash).toBe(taken[0] ? 'one' : 'two');
  expect(await sessions.list(user)).toEqual([]);
  expect(await links.takeSignIn(me, signIn)).toBeNull();
});

it('makes no link for staff when others ask, and does for the user itself and for staff', async () => {
  const [boss, ann] = [await newUser('boss', { staff: true }), await newUser('ann')];
  const ask = (actor: Actor, user = boss) => links.forUser(actor, 'password', user, token(), HOUR);
  await expect(ask(byUser(ann))).rejects.toMatchObject({ kind: 'forbidden' });
  await expect(ask({ ...byUser(ann), kind: 'key' })).rejects.toMatchObject({ kind: 'forbidden' });
  for (const actor of [byUser(boss), COMMAND, { ...byUser(ann), kind: 'staff' as const }])
    expect((await ask(actor)).expiresAt.getTime()).toBeGreaterThan(Date.now());
  expect((await ask(byUser(ann), ann)).expiresAt.getTime()).toBeGreaterThan(Date.now());
});

it('confirms an address for its user alone, and keeps the link while somebody else has the address', async () => {
  const email = `shared-${count}@example.org`;
  const [ann, bob] = [await newUser('ann'), await newUser('bob', { email })];
  const hash = token();
  await links.forUser(me, 'email', ann, hash, HOUR, email);
  expect(await links.takeEmail(byUser(bob), hash)).toBe(false);
  await expect(links.takeEmail(byUser(ann), hash)).rejects.toMatchObject({ kind: 'conflict' });
  await accounts().setEmail(me, bob, null);
  expect(await links.takeEmail(byUser(ann), hash)).toBe(true);
  expect(await links.takeEmail(byUser(ann), hash)).toBe(false);
  expect(await accounts().byEmail(email.toUpperCase())).toMatchObject({ id: ann });
});

it('notes who did what, and nothing of tokens and passwords', async () => {
  const user = await newUser('ann');
  const hash = token();
  await links.forUser(me, 'password', user, hash, HOUR);
  await links.takePassword(byUser(user), hash, 'the hash of a password');
  const rows = await db
    .database('audit_log')
    .where({ object: `user ${user}` })
    .orderBy('id');
  expect(rows.map(({ action, actor }) => [action, actor])).toEqual([
    ['link.made', 'me'],
    ['link.used', `user ${user}`],
    ['password.changed', `user ${user}`],
  ]);
  const text = JSON.stringify(rows);
  for (const secret of [hash.toString('hex'), hash.toString('base64'), 'the hash'])
    expect(text).not.toContain(secret);
});
