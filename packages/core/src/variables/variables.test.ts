import type { VariableStore } from '../ports/variable-store.ts';
import { newSecretKey, readSecretKeys, type SecretKey } from '../secrets/sealing.ts';
import { ACTOR } from '../testing/samples.ts';
import { masking } from './masking.ts';
import { createSecretSettings } from './secret-settings.ts';
import { createVariables } from './variables.ts';

const keyring = () => readSecretKeys(`${newSecretKey()},${newSecretKey()}`) as [SecretKey, SecretKey];
const [KEY, OTHER] = keyring();

type Row = { project: number; spider: number; name: string; value: string | null; sealed: unknown };

/** A project's variables as the database keeps them: one row for each layer and name. */
function setUp({ refusals = 0, keys = [KEY] as SecretKey[] } = {}) {
  const rows: Row[] = [];
  const changes: object[] = [];
  const known = { keys };
  let left = refusals;
  const store = {
    spiderNumber: async (_project: number, spider: string) => (spider === 'books' ? 2 : 3),
    async change(project: number, spider: number, change: { set: Map<string, object>; remove: string[] }) {
      if (left-- > 0) return false;
      changes.push(change);
      const isOther = (row: Row) =>
        row.spider !== spider || !(change.set.has(row.name) || change.remove.includes(row.name));
      const kept = rows.filter(isOther);
      rows.splice(0, rows.length, ...kept);
      for (const [name, value] of change.set) rows.push({ project, spider, name, ...value } as Row);
      return true;
    },
    layers: async (_project: number, spider: number) =>
      rows.filter((row) => row.spider === 0 || row.spider === spider),
    secretSettings: async () => rows.map(({ name }) => name),
    list: async () => [],
  } as unknown as VariableStore;
  const sealing = { sealingKey: async (id: string) => id };
  const keysOf = async () => known.keys;
  return {
    rows,
    changes,
    known,
    store,
    variables: createVariables(store, sealing, keysOf),
    settings: createSecretSettings(store, sealing, keysOf),
  };
}

const map = (values: Record<string, string>) => new Map(Object.entries(values));

it("a spider has the project's variables and its own, which come first", async () => {
  const { variables } = setUp();
  await variables.change(
    1,
    null,
    { set: map({ A: 'project', B: 'project' }), secret: map({ S: 'sesame' }) },
    ACTOR,
  );
  await variables.change(1, 'books', { set: map({ B: 'spider' }), secret: map({ A: 'hidden' }) }, ACTOR);
  expect(await variables.ofSpider(1, 2)).toEqual({
    values: { A: 'hidden', B: 'spider', S: 'sesame' },
    secrets: ['S', 'A'],
  });
  expect(await variables.ofProject(1)).toEqual({
    values: { A: 'project', B: 'project', S: 'sesame' },
    secrets: ['S'],
  });
  expect((await variables.ofSpider(1, 3)).values).toEqual({ A: 'project', B: 'project', S: 'sesame' });
});

it('stores no secret in the clear', async () => {
  const { variables, rows } = setUp();
  await variables.change(1, null, { secret: map({ S: 'open sesame' }) }, ACTOR);
  expect(rows[0]).toMatchObject({ name: 'S', value: null });
  expect(JSON.stringify(rows)).not.toContain('sesame');
});

it('needs a key for secrets alone', async () => {
  const { variables, known } = setUp({ keys: [] });
  await variables.change(1, null, { set: map({ A: 'plain' }) }, ACTOR);
  await expect(variables.change(1, null, { secret: map({ S: 'sesame' }) }, ACTOR)).rejects.toMatchObject({
    code: 'no_secrets_key',
  });
  known.keys = [KEY];
  await variables.change(1, null, { secret: map({ S: 'sesame' }) }, ACTOR);
  known.keys = [OTHER];
  await expect(variables.ofProject(1)).rejects.toMatchObject({ code: 'secrets_key_missing' });
});

it('reads once more what was sealed anew while it read', async () => {
  const { variables, known } = setUp();
  await variables.change(1, null, { secret: map({ S: 'sesame' }) }, ACTOR);
  const reads = [[OTHER]];
  Object.defineProperty(known, 'keys', { get: () => reads.pop() ?? [KEY] });
  expect((await variables.ofProject(1)).values).toEqual({ S: 'sesame' });
});

it('seals again when the key changed meanwhile, three times at most', async () => {
  await expect(
    setUp({ refusals: 2 }).variables.change(1, null, { secret: map({ S: 'sesame' }) }, ACTOR),
  ).resolves.toBe(undefined);
  const { variables, changes } = setUp({ refusals: 3 });
  await expect(variables.change(1, null, { secret: map({ S: 'sesame' }) }, ACTOR)).rejects.toMatchObject({
    kind: 'unavailable',
  });
  expect(changes).toEqual([]);
});

it('gives a crawl a key of its own, of which the hash alone is known', async () => {
  const { variables, changes } = setUp();
  await variables.giveApiKey(1, null, ACTOR);
  const { SH_APIKEY: key = '' } = (await variables.ofProject(1)).values;
  expect(key).toMatch(/^sphub_/);
  expect(changes[0]).toMatchObject({ apiKey: { name: 'SH_APIKEY', hint: key.slice(0, 10) } });
});

it.each<[string, object, string]>([
  ['a name that is none', { set: map({ '1A': 'x' }) }, 'name: "1A" is no variable name'],
  ['a long name', { set: map({ ['A'.repeat(129)]: 'x' }) }, 'is no variable name'],
  ['a name of ours', { set: map({ SPIDERHUB_X: 'x' }) }, 'name: SPIDERHUB_X is reserved'],
  ['a name that loads code', { secret: map({ LD_PRELOAD: 'evil' }) }, 'name: LD_PRELOAD is reserved'],
  ['a name to remove that is none', { remove: ['a-b'] }, 'is no variable name'],
  ['a NUL', { set: map({ A: 'x\0' }) }, 'A: NUL'],
  ['too much', { set: map({ A: 'é'.repeat(16_385) }) }, 'A: 32770 bytes are too much'],
  ['a short secret', { secret: map({ A: 'abc' }) }, 'A: a secret has at least 4 characters'],
  ['one name twice', { set: map({ A: 'x' }), remove: ['A'] }, 'A: is named twice'],
  ['a name as both', { set: map({ A: 'x' }), secret: map({ A: 'long enough' }) }, 'A: is named twice'],
])('refuses %s, and changes nothing', async (_, words, why) => {
  const { variables, changes } = setUp();
  await expect(variables.change(1, null, words, ACTOR)).rejects.toThrow(why);
  expect(changes).toEqual([]);
});

it("secret settings are Scrapy's, a layer for a whole project and one for each spider", async () => {
  const { settings, variables, rows } = setUp();
  await settings.change(1, 0, map({ HTTP_PASS: '"secret word"', DELAYS: '[1,2]' }), [], ACTOR);
  await settings.change(1, 2, map({ HTTP_PASS: '"of a spider"' }), [], ACTOR);
  expect(await settings.of(1, 0)).toEqual({ HTTP_PASS: '"secret word"', DELAYS: '[1,2]' });
  expect(await settings.of(1, 2)).toEqual({ HTTP_PASS: '"of a spider"' });
  expect(await settings.of(1, 3)).toEqual({});
  expect((await variables.ofProject(1)).values).toEqual({});
  expect(rows.every(({ value }) => value === null)).toBe(true);
  await settings.change(1, 0, map({}), ['DELAYS'], ACTOR);
  expect(await settings.of(1, 0)).toEqual({ HTTP_PASS: '"secret word"' });
});

it.each<[Map<string, string>, string[], string]>([
  [map({ lower: '1' }), [], 'is no setting of Scrapy'],
  [map({ A: 'x'.repeat(32 * 1024 + 1) }), [], 'A: 32769 bytes are too much'],
  [map({ A: '1' }), ['A'], 'A: is named twice'],
])('refuses the secret settings %j %j', async (set, remove, why) => {
  const { settings, changes } = setUp();
  await expect(settings.change(1, 0, set, remove, ACTOR)).rejects.toThrow(why);
  expect(changes).toEqual([]);
});

it.each<[string, string, string]>([
  ['p@ss word', 'http://x/?p=p%40ss%20word', 'http://x/?p=****'],
  ['say "hi" now', '{"a":"say \\"hi\\" now"}', '{"a":"****"}'],
  ['first line of it\nx\nlast line of it', 'the last line of it, x', 'the ****, x'],
  ['short\nalso', 'short also', 'short also'],
  ['with \ud800 in it', 'say with \ud800 in it', 'say ****'],
])('%j is masked in %j', (secret, text, shown) => {
  expect(masking([secret])(text)).toBe(shown);
});
