import { type DueNotice, type NoticeStore, service } from '@spiderhub/core';
import { createAdminStore, createNoticeStore, createRuleStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam } from '../../../support/team.ts';

const HOUR = 3_600_000;

let db: TestDatabase;
let store: NoticeStore;
let project: number;
let organisation: number;
let count = 0;

beforeAll(async () => {
  db = await createTestDatabase();
  store = createNoticeStore(db.database);
});
afterAll(() => db.close());
beforeEach(async () => {
  count += 1;
  await db.database('notices').delete();
  project = (await makeTeam(db.database, `team-${count}`)).project;
  organisation = (
    await db
      .database('organisations')
      .where({ name: `team-${count}` })
      .first('id')
  ).id;
});

const ago = (ms: number) => new Date(Date.now() - ms);

async function user(name: string, { email = true, role = 'reader' as string | null } = {}): Promise<number> {
  const [row] = await db
    .database('users')
    .insert({ name: `${name}-${count}`, email: email ? `${name}-${count}@example.org` : null })
    .returning('id');
  if (role) await db.database('members').insert({ organisation_id: organisation, user_id: row.id, role });
  return row.id;
}

async function notice(name: string, of: number, more: object = {}): Promise<string> {
  const id = `${name}-${count}`;
  await db
    .database('notices')
    .insert({ id, project_id: project, user_id: of, subject: 's', body: 'b', ...more });
  return id;
}

const stateOf = async (id: string) => db.database('notices').where({ id }).first('state', 'error', 'tries');

it('may be sent to members of the project and of its organisation who have an address', async () => {
  const [ann, guest] = [await user('ann'), await user('guest', { role: null })];
  await user('mute', { email: false });
  await user('stranger', { role: null });
  await db.database('project_members').insert({ project_id: project, user_id: guest, role: 'reader' });
  expect(await store.addressees(project)).toEqual([
    { user: ann, name: `ann-${count}` },
    { user: guest, name: `guest-${count}` },
  ]);
  expect(await store.addressees(999_999)).toEqual([]);
});

it('are claimed once by many who look at the same moment', async () => {
  const ann = await user('ann');
  const ids = await Promise.all(Array.from({ length: 12 }, (_, i) => notice(`n${i}`, ann)));
  const claims = (await Promise.all(Array.from({ length: 5 }, () => store.claim(4, HOUR)))).flat();
  const rest = await store.claim(100, HOUR);
  expect([...claims, ...rest].map(({ id }) => id).sort()).toEqual(ids.toSorted());
  expect(claims[0]).toMatchObject({ to: `ann-${count}@example.org`, subject: 's', text: 'b', tries: 1 });
});

it('go nowhere when the user has left, or has no address any more', async () => {
  const [left, mute] = [await user('left'), await user('mute')];
  const ids = [await notice('left', left), await notice('mute', mute)];
  await db.database('members').where({ user_id: left }).delete();
  await db.database('users').where({ id: mute }).update({ email: null });
  const due = await store.claim(9, HOUR);
  expect(new Map(due.map(({ id, to }) => [id, to]))).toEqual(new Map(ids.map((id) => [id, null])));
});

it('come again when nobody told what became of them, and the late word of the first one counts for nothing', async () => {
  const id = await notice('n', await user('ann'));
  const [first] = await store.claim(9, -1);
  const [second] = await store.claim(9, HOUR);
  expect([first?.tries, second?.tries]).toEqual([1, 2]);
  await store.settle(id, 1, { state: 'failed', error: 'late' });
  expect(await stateOf(id)).toMatchObject({ state: 'waiting', error: null });
  await store.settle(id, 2, { state: 'sent' });
  await store.settle(id, 2, { state: 'failed', error: 'twice' });
  expect(await stateOf(id)).toMatchObject({ state: 'sent', error: null });
});

it('wait as long as was said before they are tried again', async () => {
  const id = await notice('n', await user('ann'));
  const [due] = (await store.claim(9, HOUR)) as [DueNotice];
  await store.settle(id, due.tries, { state: 'waiting', error: '451', afterMs: HOUR });
  expect([await store.claim(9, HOUR), (await stateOf(id)).error]).toEqual([[], '451']);
  await db.database('notices').update({ next_at: ago(1) });
  expect(await store.claim(9, HOUR)).toMatchObject([{ id, tries: 2 }]);
  await store.settle(id, 2, { state: 'waiting', error: '451' });
  expect(await store.claim(9, HOUR)).toMatchObject([{ id, tries: 3 }]);
});

it('that failed for good are told with their rule, for each of its users', async () => {
  const [ann, bob] = [await user('ann'), await user('bob')];
  const when = { spiders: [], hasTag: [], outcomes: [], exceptOutcomes: [], minErrors: null, isEmpty: false };
  const rule = await createRuleStore(db.database).create(
    service('me'),
    project,
    {
      name: 'r',
      when: { ...when, lastWithTag: null, noRun: null },
      action: { channel: 'email', users: [ann, bob] },
      disabled: false,
    },
    10,
  );
  const its = { rule_id: rule.id, event_id: 'e' };
  await db
    .database('rule_firings')
    .insert({ ...its, project_id: project, source: null, outcome: 'told', depth: 0 });
  for (const [name, of] of [
    ['a', ann],
    ['b', bob],
  ] as const)
    await notice(name, of, its);
  for (const { id, tries } of await store.claim(9, HOUR))
    await store.settle(id, tries, { state: 'failed', error: '550' });
  const [fired] = await createRuleStore(db.database).firings(project, rule.id, null, 9);
  expect(fired?.reason?.split('; ').sort()).toEqual([
    `ann-${count} was not told: 550`,
    `bob-${count} was not told: 550`,
  ]);
});

it('are removed by age, the oldest first, as many as one call may', async () => {
  const ann = await user('ann');
  const [old, older, young] = [
    await notice('old', ann),
    await notice('older', ann),
    await notice('young', ann),
  ];
  await db
    .database('notices')
    .where({ id: old })
    .update({ created_at: ago(2 * HOUR) });
  await db
    .database('notices')
    .where({ id: older })
    .update({ created_at: ago(3 * HOUR) });
  expect(await store.removeOld(HOUR, 1)).toBe(1);
  expect(new Set(await db.database('notices').pluck('id'))).toEqual(new Set([old, young]));
  expect([await store.removeOld(HOUR, 9), await store.removeOld(HOUR, 9)]).toEqual([1, 0]);
});

it('go with a member who is added to a second organisation to each project alone', async () => {
  const ann = await user('ann');
  const other = await makeTeam(db.database, `second-${count}`);
  await createAdminStore(db.database).addMember(`second-${count}`, `ann-${count}`);
  expect((await store.addressees(other.project)).map((each) => each.user)).toEqual([ann]);
  await db.database('members').where({ user_id: ann, organisation_id: organisation }).delete();
  expect([await store.addressees(project), (await store.addressees(other.project)).length]).toEqual([[], 1]);
});
