import {
  COMMAND,
  createVariables,
  hashApiKey,
  newSecretKey,
  readSecretKeys,
  rotateSecrets,
  type SecretKey,
  service,
} from '@spiderhub/core';
import { createAccessStore, createSealedStore, createVariableStore } from '@spiderhub/db';
import { createTestDatabase, type TestDatabase } from '@spiderhub/testkit';
import { makeTeam, type Team } from '../../support/team.ts';

let db: TestDatabase;
let team: Team;
let keys: SecretKey[];

beforeEach(async () => {
  db = await createTestDatabase();
  team = await makeTeam(db.database, 'acme', ['a', 'b']);
  keys = newKeys();
});
afterEach(() => db.close());

const newKeys = () => readSecretKeys(newSecretKey()) as SecretKey[];
const sealed = () => createSealedStore(db.database);
const variables = () => createVariables(createVariableStore(db.database), sealed(), async () => keys);
const words = (fields: Record<string, string>) => new Map(Object.entries(fields));

async function numberOf(spider: string): Promise<number> {
  return createVariableStore(db.database).spiderNumber(team.project, spider);
}

it("gives a spider its own before its project's, and other spiders and projects nothing of it", async () => {
  const { change, ofSpider, ofProject } = variables();
  const other = await makeTeam(db.database, 'other', ['a']);
  await change(team.project, null, { set: words({ A: 'project', B: 'project' }) }, service('me'));
  await change(team.project, 'a', { secret: words({ B: 'of spider a' }) }, service('me'));
  expect(await ofSpider(team.project, await numberOf('a'))).toEqual({
    values: { A: 'project', B: 'of spider a' },
    secrets: ['B'],
  });
  const both = { values: { A: 'project', B: 'project' }, secrets: [] };
  expect(await ofSpider(team.project, await numberOf('b'))).toEqual(both);
  expect(await ofProject(team.project)).toEqual(both);
  expect((await ofProject(other.project)).values).toEqual({});
});

it('lists names and values, of a secret only the name, and stores nothing of it that can be read', async () => {
  const { change, list } = variables();
  await change(
    team.project,
    null,
    { set: words({ OPEN: 'seen' }), secret: words({ KEY: 'open sesame' }) },
    service('me'),
  );
  expect(await list(team.project)).toMatchObject([
    { spider: null, name: 'KEY', value: null, changedBy: 'me' },
    { spider: null, name: 'OPEN', value: 'seen' },
  ]);
  const { rows } = await db.database.raw(
    "select v::text, encode(sealed, 'escape') as bytes from variables v",
  );
  expect(JSON.stringify(rows)).toContain('seen');
  expect(JSON.stringify(rows)).not.toContain('sesame');
});

it('changes a layer as a whole or not at all', async () => {
  const { change, list } = variables();
  await change(team.project, null, { set: words({ A: '1', B: '2' }) }, service('me'));
  const big = words(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`V${i}`, 'x'.repeat(32_000)])));
  await expect(change(team.project, null, { set: big, remove: ['A'] }, service('me'))).rejects.toMatchObject({
    kind: 'too_large',
  });
  await expect(
    change(team.project, null, { set: words({ A: '3' }), remove: ['A'] }, service('me')),
  ).rejects.toThrow('A: is named twice');
  expect(await list(team.project)).toMatchObject([
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ]);
  await change(team.project, null, { set: words({ B: '3' }), remove: ['A', 'NOT_THERE'] }, service('me'));
  expect(await list(team.project)).toMatchObject([{ name: 'B', value: '3' }]);
});

it('says what is not there', async () => {
  const { change, list } = variables();
  await expect(list(999)).rejects.toMatchObject({ kind: 'not_found' });
  await expect(change(999, null, { set: words({ A: '1' }) }, service('me'))).rejects.toMatchObject({
    kind: 'not_found',
  });
  await expect(change(team.project, 'nobody', { remove: ['A'] }, service('me'))).rejects.toMatchObject({
    code: 'spider_not_found',
  });
});

it('refuses a secret without a key, and with another key than before, and takes all else', async () => {
  await variables().change(team.project, null, { secret: words({ KEY: 'first one' }) }, service('me'));
  keys = [];
  const secret = words({ MORE: 'second one' });
  const { change, ofProject } = variables();
  await expect(change(team.project, null, { secret }, service('me'))).rejects.toThrow('has no SECRETS_KEY');
  await change(team.project, null, { set: words({ OPEN: 'seen' }) }, service('me'));
  await expect(ofProject(team.project)).rejects.toMatchObject({ code: 'secrets_key_missing' });
  keys = newKeys();
  await expect(change(team.project, null, { secret }, service('me'))).rejects.toThrow('secrets rotate');
});

it('opens no secret that was moved to another variable or project', async () => {
  await variables().change(team.project, null, { secret: words({ KEY: 'open sesame' }) }, service('me'));
  await db.database('variables').update({ name: 'OTHER' });
  await expect(variables().ofProject(team.project)).rejects.toThrow('damaged');
});

it('seals everything with the new key while secrets are read and set', async () => {
  const names = Array.from({ length: 150 }, (_, i) => `S${i}`);
  await variables().change(
    team.project,
    null,
    { secret: words(Object.fromEntries(names.map((name) => [name, `value of ${name}`]))) },
    service('me'),
  );
  const old = keys;
  const now = newKeys();
  keys = [...now, ...old];
  const rotation = rotateSecrets(sealed(), async () => keys, COMMAND);
  const meanwhile = names.slice(0, 20).map(async (name) => {
    await variables().change(
      team.project,
      null,
      { secret: words({ [name]: `new value of ${name}` }) },
      service('me'),
    );
    expect((await variables().ofProject(team.project)).values[name]).toBe(`new value of ${name}`);
  });
  await Promise.all(meanwhile);
  expect(await rotation).toMatchObject({ key: now[0]?.id, unreadable: [] });
  keys = now;
  const { values } = await variables().ofProject(team.project);
  expect(values.S149).toBe('value of S149');
  expect(values.S0).toBe('new value of S0');
});

it('stores nothing with the old key once the new one has taken over', async () => {
  const old = keys;
  await sealed().sealingKey(old[0]?.id ?? '');
  const store = createVariableStore(db.database);
  await sealed().changeSealingKey(COMMAND, 'another');
  const late = { value: null, sealed: { keyId: old[0]?.id ?? '', sealed: Buffer.from('x') } };
  const change = { set: new Map([['KEY', late]]), remove: [], by: service('me') };
  expect(await store.change(team.project, 0, change)).toBe(false);
  expect(await store.list(team.project)).toEqual([]);
});

it('names secrets that no key opens, and seals the others', async () => {
  await variables().change(team.project, null, { secret: words({ LOST: 'lost one' }) }, service('me'));
  keys = newKeys();
  const lost = [`variable ${team.project}/0/LOST`];
  expect(await rotateSecrets(sealed(), async () => keys, COMMAND)).toMatchObject({
    sealed: 0,
    unreadable: lost,
  });
  await variables().change(team.project, null, { secret: words({ LOST: 'found again' }) }, service('me'));
  expect((await variables().ofProject(team.project)).values).toEqual({ LOST: 'found again' });
});

it('makes a key of the project that works until its variable is set again or removed', async () => {
  const { giveApiKey, change, ofProject } = variables();
  const access = createAccessStore(db.database);
  const given = async () => {
    await giveApiKey(team.project, null, service('me'));
    const key = (await ofProject(team.project)).values.SH_APIKEY ?? '';
    return hashApiKey(key);
  };
  const first = await given();
  expect([...((await access.findKey(first))?.projects.keys() ?? [])]).toEqual([team.project]);
  const second = await given();
  expect([await access.findKey(first), (await access.findKey(second))?.staff]).toEqual([null, false]);
  await change(team.project, null, { remove: ['SH_APIKEY'] }, service('me'));
  expect(await access.findKey(second)).toBeNull();
});
