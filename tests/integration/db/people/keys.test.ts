import { randomBytes } from 'node:crypto';
import { type KeyStore, type KeyTerms, service } from '@spiderhub/core';
import { createAccessStore, createAdminStore, createKeyStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, type Team } from '../../../support/team.ts';

const HOUR = 3_600_000;
const me = service('me');

let db: TestDatabase;
let keys: KeyStore;
let team: Team;
let user: number;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  keys = createKeyStore(db.database);
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  team = await makeTeam(db.database, `team-${count}`);
  user = (
    await db
      .database('users')
      .where({ name: `team-${count}-user` })
      .first('id')
  ).id;
});

const secret = () => ({ hash: randomBytes(32), hint: 'sh_abc' });
const terms = (more: Partial<KeyTerms> = {}): KeyTerms => ({
  name: 'ci',
  role: null,
  actions: null,
  projects: null,
  networks: null,
  expiresAt: null,
  ...more,
});
const access = () => createAccessStore(db.database);
const isGood = async ({ hash }: { hash: Buffer }) => (await access().findKey(hash)) !== null;

async function make(more: Partial<KeyTerms> = {}, owner: 'user' | 'project' = 'user') {
  const its = secret();
  const whose = owner === 'user' ? { user } : { project: team.project };
  const key = await keys.make(me, whose, its, terms(more));
  return { ...its, key };
}

it('allows a hundred good keys of one owner and no more, also when two are asked for at once', async () => {
  const rows = Array.from({ length: 98 }, () => ({
    hash: randomBytes(32),
    hint: 'x',
    user_id: user,
    made_by: 'me',
  }));
  await db.database('api_keys').insert(rows);
  // With the one that the team was made with that is 99.
  // Three connections that are there already, so that nobody is late.
  await Promise.all([1, 2, 3].map(() => db.database.raw('select pg_sleep(0.02)')));
  const asked = await Promise.allSettled([make(), make(), make()]);
  const refused = asked.filter((each) => each.status === 'rejected');
  expect(refused).toHaveLength(2);
  for (const each of refused) expect(each).toMatchObject({ reason: { code: 'too_many_keys' } });
  // What is over does not count, and neither do keys of the project.
  await db.database('api_keys').where({ hash: rows[0]?.hash }).update({ revoked_at: new Date() });
  await make();
  await expect(make()).rejects.toMatchObject({ kind: 'conflict' });
  await make({ role: 'reader' }, 'project');
});

it('replaces a key by one that is good for the same, and lets the old one end after its grace', async () => {
  const limits = { actions: ['jobs.run'], projects: [team.project], networks: ['192.0.2.0/24'] };
  const old = await make(limits);
  const next = secret();
  const made = await keys.rotate(me, old.key.id, next, { graceMs: HOUR, expiresAt: undefined });
  expect(made).toMatchObject({ ...limits, name: 'ci', expiresAt: null, replacedBy: null });
  expect([await isGood(old), await isGood(next)]).toEqual([true, true]);
  const before = await keys.find({ user }, old.key.id);
  expect(before?.replacedBy).toBe(made.id);
  const endsIn = (before?.expiresAt?.getTime() ?? 0) - Date.now();
  expect(endsIn).toBeGreaterThan(HOUR - 60_000);
  expect(endsIn).toBeLessThanOrEqual(HOUR);
});

it('ends the old key no later than it would have ended anyway', async () => {
  const expiresAt = new Date(Date.now() + HOUR);
  const old = await make({ expiresAt });
  const made = await keys.rotate(me, old.key.id, secret(), { graceMs: 24 * HOUR, expiresAt: undefined });
  expect((await keys.find('anywhere', old.key.id))?.expiresAt).toEqual(expiresAt);
  // The new one lasts as long as the old one was meant to.
  const life = expiresAt.getTime() - old.key.createdAt.getTime();
  expect((made.expiresAt?.getTime() ?? 0) - made.createdAt.getTime()).toBeCloseTo(life, -2);
});

it('takes another end for the new key, or none', async () => {
  const expiresAt = new Date(Date.now() + 5 * HOUR);
  const old = await make({ expiresAt: new Date(Date.now() + HOUR) });
  const next = await keys.rotate(me, old.key.id, secret(), { graceMs: 0, expiresAt });
  expect(next.expiresAt).toEqual(expiresAt);
  const last = await keys.rotate(me, next.id, secret(), { graceMs: 0, expiresAt: null });
  expect(last.expiresAt).toBeNull();
  expect(await isGood(old)).toBe(false);
});

it('replaces a key once, whoever comes second', async () => {
  const old = await make();
  const change = { graceMs: HOUR, expiresAt: undefined };
  const both = await Promise.allSettled([1, 2].map(() => keys.rotate(me, old.key.id, secret(), change)));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({
    reason: { code: 'key_replaced' },
  });
  expect((await keys.list({ user })).filter(({ name }) => name === 'ci')).toHaveLength(2);
});

it('replaces no key that is over, is nobody’s, or goes with a variable', async () => {
  const change = { graceMs: 0, expiresAt: undefined };
  const [gone, bound] = [await make(), await make()];
  await keys.revoke(me, gone.key.id);
  await db.database('variables').insert({
    project_id: team.project,
    spider: 0,
    name: 'SH_APIKEY',
    value: 'x',
    api_key_id: bound.key.id,
    changed_by: 'me',
  });
  const codes = await Promise.all(
    [gone.key.id, bound.key.id, 999_999].map((id) =>
      keys.rotate(me, id, secret(), change).catch(({ code }) => code),
    ),
  );
  expect(codes).toEqual(['key_is_over', 'key_of_variable', expect.stringMatching(/not_found$/)]);
  expect(await isGood(bound)).toBe(true);
});

it('revokes at once, once, and says so again', async () => {
  const { key, hash } = await make();
  const [first, second] = await Promise.all([keys.revoke(me, key.id), keys.revoke(me, key.id)]);
  expect([first.revokedAt, second.revokedAt]).toEqual([expect.any(Date), expect.any(Date)]);
  expect(first.revokedAt).toEqual((await keys.revoke(me, key.id)).revokedAt);
  expect(await isGood({ hash })).toBe(false);
  expect(await access().findDeadKey(hash)).toMatchObject({ id: key.id, why: 'the key was revoked' });
  const noted = await db.database('audit_log').where({ action: 'key.revoked', object: `key ${key.id}` });
  expect(noted).toHaveLength(1);
});

it('ends at its moment, and tells who shows it that it is over', async () => {
  const { hash } = await make({ expiresAt: new Date(Date.now() - 1) });
  expect(await isGood({ hash })).toBe(false);
  expect(await access().findDeadKey(hash)).toMatchObject({ why: 'the key is over', user });
  const good = await make({ expiresAt: new Date(Date.now() + HOUR) });
  expect([await isGood(good), await access().findDeadKey(good.hash)]).toEqual([true, null]);
});

it('reaches the projects that it names and that its user reaches, and no organisation', async () => {
  const other = await makeTeam(db.database, `foreign-${count}`);
  const { hash } = await make({ projects: [team.project, other.project] });
  const who = await access().findKey(hash);
  expect([...(who?.projects.keys() ?? [])]).toEqual([team.project]);
  expect([who?.organisations.size, who?.bounds?.projectsOnly]).toEqual([0, true]);
  // One that is good for nothing could only be a mistake.
  await expect(make({ projects: [] })).rejects.toThrow('api_keys_projects_check');
});

it('is in lists for thirty days after its end', async () => {
  const DAY = 24 * HOUR;
  const ended = async (column: 'revoked_at' | 'expires_at', days: number) => {
    const { key } = await make({ name: `${column} ${days}` });
    await db
      .database('api_keys')
      .where({ id: key.id })
      .update({ [column]: new Date(Date.now() - days * DAY + 60_000 * (days === 30 ? 1 : -1)) });
    return key.id;
  };
  const lately = [await ended('revoked_at', 30), await ended('expires_at', 30)];
  const long = [await ended('revoked_at', 31), await ended('expires_at', 31)];
  const listed = (await keys.list({ user })).map(({ id }) => id);
  expect(listed).toEqual(expect.arrayContaining(lately));
  for (const id of long) {
    expect(listed).not.toContain(id);
    expect(await keys.find({ user }, id)).not.toBeNull();
  }
});

it('shows an organisation nothing of where a key was used whose user belongs elsewhere, too', async () => {
  const { key } = await make();
  const organisation = (
    await db
      .database('organisations')
      .where({ name: `team-${count}` })
      .first('id')
  ).id;
  await keys.saveUses([{ key: key.id, at: new Date(), address: '192.0.2.7', client: 'curl/8' }]);
  const use = async (place: Parameters<KeyStore['find']>[0]) => (await keys.find(place, key.id))?.lastUse;
  expect(await use({ organisation })).toMatchObject({ address: '192.0.2.7', client: 'curl/8' });
  await makeTeam(db.database, `second-${count}`);
  await createAdminStore(db.database).addMember(`second-${count}`, `team-${count}-user`);
  expect(await use({ organisation })).toMatchObject({ at: expect.any(Date), address: null, client: null });
  expect(await use({ user })).toMatchObject({ address: '192.0.2.7' });
});

it('lists keys of an organisation by their projects, and finds none through a foreign place', async () => {
  const other = await makeTeam(db.database, `elsewhere-${count}`);
  const organisation = (
    await db
      .database('organisations')
      .where({ name: `team-${count}` })
      .first('id')
  ).id;
  await createAdminStore(db.database).addMember(`elsewhere-${count}`, `team-${count}-user`);
  const [all, ours, theirs] = [
    await make(),
    await make({ projects: [team.project] }),
    await make({ projects: [other.project] }),
  ];
  const own = await make({ role: 'admin' }, 'project');
  const ids = (await keys.list({ organisation })).map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([all.key.id, ours.key.id, own.key.id]));
  expect(ids).not.toContain(theirs.key.id);
  expect(await keys.find({ project: other.project }, own.key.id)).toBeNull();
  expect(await keys.find({ organisation }, theirs.key.id)).toBeNull();
});

it('keeps the latest use of a key, whichever process tells first', async () => {
  const [one, two] = [await make(), await make()];
  const use = (key: number, second: number) => ({
    key,
    at: new Date(Date.UTC(2026, 0, 1, 0, 0, second)),
    address: `192.0.2.${second}`,
    client: null,
  });
  await Promise.all([
    keys.saveUses([use(two.key.id, 9), use(one.key.id, 3)]),
    keys.saveUses([use(one.key.id, 5), use(two.key.id, 7)]),
  ]);
  await keys.saveUses([use(one.key.id, 4), use(999_999, 1)]);
  const last = async (id: number) => (await keys.find('anywhere', id))?.lastUse?.address;
  expect([await last(one.key.id), await last(two.key.id)]).toEqual(['192.0.2.5', '192.0.2.9']);
});
