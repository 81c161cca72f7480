import { randomBytes } from 'node:crypto';
import { type IdentityStore, type MemberStore, service } from '@spiderhub/core';
import { createAccountStore, createIdentityStore, createLinkStore, createMemberStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';

const me = service('me');

let db: TestDatabase;
let members: MemberStore;
let identities: IdentityStore;
let organisation: number;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  members = createMemberStore(db.database);
  identities = createIdentityStore(db.database);
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  organisation = (await members.createOrganisation(me, `org-${count}`)).id;
});

async function member(
  name: string,
  role: string,
  place: { organisation_id?: number; project_id?: number } = {},
) {
  const [row] = await db
    .database('users')
    .insert({ name: `${name}-${count}` })
    .returning('id');
  const table = 'project_id' in place ? 'project_members' : 'members';
  const key = 'project_id' in place ? place : { organisation_id: organisation, ...place };
  await db.database(table).insert({ ...key, user_id: row.id, role });
  return row.id as number;
}

const roles = async () =>
  (await members.members({ organisation })).map(({ name, role }) => [name.split('-')[0], role]);

it('leaves an organisation one owner when two go in the same moment', async () => {
  const [ann, bob] = [await member('ann', 'owner'), await member('bob', 'owner')];
  const left = await Promise.allSettled([
    members.removeMember(me, { organisation }, ann, 'owner'),
    members.changeRole(me, { organisation }, bob, 'owner', 'admin'),
  ]);
  expect(left.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const refused = left.find(({ status }) => status === 'rejected');
  expect(refused).toMatchObject({ reason: { kind: 'conflict' } });
  expect((await roles()).filter(([, role]) => role === 'owner')).toHaveLength(1);
});

it('changes nothing for a member who is something else by now', async () => {
  const ann = await member('ann', 'reader');
  const place = { organisation };
  const changed = await Promise.all(
    (['admin', 'operator'] as const).map((to) => members.changeRole(me, place, ann, 'reader', to)),
  );
  expect(changed.filter(Boolean)).toHaveLength(1);
  expect(await members.removeMember(me, place, ann, 'reader')).toBe(false);
  expect(await members.changeRole(me, place, 999_999, 'reader', 'admin')).toBe(false);
  expect(await members.roleOf(place, 999_999)).toBeNull();
});

it('takes the last owner of a project alone, whose organisation has its own', async () => {
  const project = await members.createProject(me, organisation, `p-${count}`, null);
  const guest = await member('guest', 'owner', { project_id: project.id });
  const place = { project: project.id };
  expect(await members.changeRole(me, place, guest, 'owner', 'reader')).toBe(true);
  expect(await members.removeMember(me, place, guest, 'reader')).toBe(true);
  expect(await members.members(place)).toEqual([]);
});

it('takes who leaves an organisation from its projects too, and from those of others not', async () => {
  const other = await members.createOrganisation(me, `other-${count}`);
  const [ours, theirs] = [
    await members.createProject(me, organisation, `ours-${count}`, null),
    await members.createProject(me, other.id, `theirs-${count}`, null),
  ];
  const ann = await member('ann', 'reader');
  for (const project of [ours, theirs])
    await db.database('project_members').insert({ project_id: project.id, user_id: ann, role: 'admin' });
  expect(await members.isOnlyIn(ann, organisation)).toBe(false);
  expect(await members.removeMember(me, { organisation }, ann, 'reader')).toBe(true);
  expect(await members.roleOf({ project: ours.id }, ann)).toBeNull();
  expect(await members.roleOf({ project: theirs.id }, ann)).toBe('admin');
});

it('knows who belongs to one organisation alone', async () => {
  const [ann, nobody] = [await member('ann', 'reader'), 999_999];
  const project = await members.createProject(me, organisation, `p-${count}`, null);
  await db.database('project_members').insert({ project_id: project.id, user_id: ann, role: 'admin' });
  expect([await members.isOnlyIn(ann, organisation), await members.isOnlyIn(nobody, organisation)]).toEqual([
    true,
    true,
  ]);
});

it('gives a name to one of two who ask for it at once', async () => {
  const both = await Promise.allSettled([1, 2].map(() => members.createOrganisation(me, `same-${count}`)));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const projects = await Promise.allSettled(
    [1, 2].map(() => members.createProject(me, organisation, `same-${count}`, null)),
  );
  expect(projects.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  for (const { status, ...rest } of [...both, ...projects])
    if (status === 'rejected') expect(rest).toMatchObject({ reason: { kind: 'conflict' } });
});

it('renames, and refuses what somebody else is called, what is not there, and nothing else', async () => {
  await members.createOrganisation(me, `busy-${count}`);
  await expect(members.renameOrganisation(me, organisation, `busy-${count}`)).rejects.toMatchObject({
    kind: 'conflict',
  });
  await expect(members.renameOrganisation(me, 999_999, 'x')).rejects.toMatchObject({ kind: 'not_found' });
  expect(await members.renameOrganisation(me, organisation, `org-${count}`)).toMatchObject({
    name: `org-${count}`,
  });
  expect(await members.renameOrganisation(me, organisation, `new-${count}`)).toMatchObject({
    name: `new-${count}`,
  });
  const noted = await db
    .database('audit_log')
    .where({ organisation_id: organisation, action: 'organisation.changed' });
  expect(noted).toMatchObject([{ before: { name: `org-${count}` }, after: { name: `new-${count}` } }]);
});

it('numbers projects behind one that was given its number', async () => {
  const given = await members.createProject(me, organisation, `given-${count}`, 70_000 + count * 10);
  const next = await members.createProject(me, organisation, `next-${count}`, null);
  expect(next.id).toBeGreaterThan(given.id);
  await expect(members.createProject(me, organisation, `again-${count}`, given.id)).rejects.toMatchObject({
    kind: 'conflict',
  });
});

it('changes what is named of a project, and notes only what became another', async () => {
  const project = await members.createProject(me, organisation, `p-${count}`, null);
  expect(await members.changeProject(me, project.id, {})).toEqual(project);
  expect(await members.changeProject(me, project.id, { paused: false })).toEqual(project);
  expect(await members.changeProject(me, project.id, { paused: true })).toEqual({ ...project, paused: true });
  await members.createProject(me, organisation, `q-${count}`, null);
  await expect(members.changeProject(me, project.id, { name: `q-${count}` })).rejects.toMatchObject({
    kind: 'conflict',
  });
  await expect(members.changeProject(me, 999_999, { paused: true })).rejects.toMatchObject({
    kind: 'not_found',
  });
  const noted = await db.database('audit_log').where({ project_id: project.id, action: 'project.changed' });
  expect(noted).toMatchObject([{ before: { paused: false }, after: { paused: true } }]);
});

describe('an identity of a provider', () => {
  const identity = () => ({ issuer: 'https://id.example.org', subject: `s-${count}` });
  const guest = (name = `ann-${count}`) => ({
    name,
    email: `${name}@example.org`,
    identity: { ...identity(), email: null, emailVerified: false, name: null } as never,
  });

  it('makes one user for a browser that comes back twice', async () => {
    const both = await Promise.all([1, 2].map(() => identities.admit(me, guest(), 'anybody')));
    expect(both[0]).toEqual(both[1]);
    expect(await identities.find(identity())).toEqual(both[0]);
    expect(await createAccountStore(db.database).byName(`ann-${count}`)).toMatchObject({
      email: `ann-${count}@example.org`,
      passwordHash: null,
    });
  });

  it('comes in by an invitation for its address, all of them at once, and without one not at all', async () => {
    const by = { email: `ann-${count}@example.org` };
    expect(await identities.admit(me, guest(), by)).toBeNull();
    const project = await members.createProject(me, organisation, `p-${count}`, null);
    const to = { email: `Ann-${count}@Example.org`, mailed: true };
    const links = createLinkStore(db.database);
    await links.invite(me, { organisation }, 'reader', randomBytes(32), 60_000, to);
    await links.invite(me, { project: project.id }, 'admin', randomBytes(32), 60_000, to);
    const known = await identities.admit(me, guest(), by);
    const user = known?.user ?? 0;
    expect(await members.roleOf({ organisation }, user)).toBe('reader');
    expect(await members.roleOf({ project: project.id }, user)).toBe('admin');
    expect(await links.waiting({ organisation })).toEqual([]);
  });

  it('leaves the invitation when the name is taken', async () => {
    await member('ann', 'reader');
    const tokenHash = randomBytes(32);
    const links = createLinkStore(db.database);
    await links.invite(me, { organisation }, 'reader', tokenHash, 60_000);
    await expect(identities.admit(me, guest(), { tokenHash })).rejects.toMatchObject({ kind: 'conflict' });
    expect(await links.look(tokenHash)).not.toBeNull();
    expect(await identities.find(identity())).toBeNull();
  });

  it('belongs to one user, who may add it twice', async () => {
    const [ann, bob] = [await member('ann', 'reader'), await member('bob', 'reader')];
    await identities.add(me, ann, identity());
    await identities.add(me, ann, identity());
    await expect(identities.add(me, bob, identity())).rejects.toMatchObject({ kind: 'conflict' });
    expect(await identities.find(identity())).toMatchObject({ user: ann });
    const noted = await db.database('audit_log').where({ action: 'identity.added', object: `user ${ann}` });
    expect(noted).toHaveLength(1);
  });
});
