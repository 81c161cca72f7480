import type { SealedStore } from '../ports/sealed-store.ts';
import { ACTOR } from '../testing/samples.ts';
import { currentSecretKey } from './current-key.ts';
import { rotateSecrets } from './rotate.ts';
import { newSecretKey, readSecretKeys, type Sealed, type SecretKey, seal, unseal } from './sealing.ts';

const [FIRST, OLD, LOST] = readSecretKeys([newSecretKey(), newSecretKey(), newSecretKey()].join(',')) as [
  SecretKey,
  SecretKey,
  SecretKey,
];

/** Sealed rows of every kind, in which `stolen` says which are changed by somebody else just before they are written. */
function setUp(count: number, keyOf: (id: number) => SecretKey, stolen: number[] = []) {
  const rows = new Map<string, Map<number, Sealed & { place: string }>>();
  let current = OLD.id;
  const store = {
    sealingKey: async () => current,
    async changeSealingKey(_by: unknown, id: string) {
      current = id;
    },
    async sealedOtherwise(kind: string, key: string, after: number, limit: number) {
      if (!rows.has(kind)) {
        const all = Array.from({ length: count }, (_, n) => n + 1);
        rows.set(
          kind,
          new Map(
            all.map((id) => [
              id,
              { ...seal(keyOf(id), `${kind} ${id}`, `text ${id}`), place: `${kind} ${id}` },
            ]),
          ),
        );
      }
      const list = [...(rows.get(kind) ?? [])].filter(([id, row]) => id > after && row.keyId !== key);
      return list.slice(0, limit).map(([id, row]) => ({ id, ...row }));
    },
    async reseal(kind: string, id: number, _old: Sealed, sealed: Sealed) {
      if (stolen.includes(id)) return false;
      const row = rows.get(kind)?.get(id);
      if (row) Object.assign(row, sealed);
      return true;
    },
  } as unknown as SealedStore;
  return { store, rows };
}

it('seals everything of every kind anew, over many batches, and each opens again', async () => {
  const { store, rows } = setUp(250, () => OLD);
  const rotation = await rotateSecrets(store, async () => [FIRST, OLD], ACTOR);
  expect(rotation).toEqual({ key: FIRST.id, sealed: 250 * rows.size, unreadable: [] });
  for (const kind of rows.values())
    for (const [id, { place, ...sealed }] of kind) {
      expect(sealed.keyId).toBe(FIRST.id);
      if (id % 50 === 0) expect(unseal([FIRST], place, sealed)).toBe(`text ${id}`);
    }
});

it('names what it cannot read, leaves it, and goes on', async () => {
  const { store, rows } = setUp(3, (id) => (id === 2 ? LOST : OLD), [3]);
  const rotation = await rotateSecrets(store, async () => [FIRST, OLD], ACTOR);
  expect(rotation.unreadable).toEqual([...rows.keys()].map((kind) => `${kind} 2`));
  expect(rotation.sealed).toBe(rows.size);
});

it('does nothing without a key', async () => {
  const { store } = setUp(1, () => OLD);
  await expect(rotateSecrets(store, async () => [], ACTOR)).rejects.toMatchObject({ code: 'no_secrets_key' });
});

it('seals with the key that the database names, which this process must have', async () => {
  const { store } = setUp(0, () => OLD);
  await expect(currentSecretKey(store, async () => [FIRST, OLD])).resolves.toBe(OLD);
  await expect(currentSecretKey(store, async () => [FIRST])).rejects.toMatchObject({
    code: 'secrets_key_missing',
  });
  await expect(currentSecretKey(store, async () => [])).rejects.toMatchObject({ code: 'no_secrets_key' });
});
