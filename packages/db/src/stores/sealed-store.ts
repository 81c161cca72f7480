import { placeOfVariable, type SealedStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface Row {
  id: string;
  project: number;
  spider: number;
  name: string;
  sealed: Buffer;
  keyId: string;
}

const FIRST = `
  with made as (insert into sealing_key (key_id) values (:id) on conflict do nothing returning key_id)
  select key_id from made union all select key_id from sealing_key limit 1`;

// Waits for those who hold the row while they store what the old key sealed.
const CHANGE = `
  insert into sealing_key (key_id) values (:id)
  on conflict (singleton) do update set key_id = excluded.key_id`;

const SEALED_OTHERWISE = `
  select id, project_id as project, spider, name, sealed, key_id as "keyId" from variables
  where sealed is not null and key_id <> :keyId and id > :after order by id limit :limit`;

const RESEAL = `
  update variables set sealed = :sealed, key_id = :keyId
  where id = :id and key_id = :oldKeyId and sealed = :oldSealed`;

/** Secrets of all tables. */
export function createSealedStore(database: Database): SealedStore {
  return translated<SealedStore>({
    async sealingKey(first) {
      const { rows } = await database.raw<{ rows: { key_id: string }[] }>(FIRST, { id: first });
      // Nobody's row, when another caller was making it in this moment.
      return rows[0]?.key_id ?? first;
    },
    async changeSealingKey(id) {
      await database.raw(CHANGE, { id });
    },
    async sealedOtherwise(keyId, after, limit) {
      const { rows } = await database.raw<{ rows: Row[] }>(SEALED_OTHERWISE, { keyId, after, limit });
      return rows.map(({ id, keyId: was, sealed, ...place }) => ({
        id: Number(id),
        place: placeOfVariable(place),
        keyId: was,
        sealed,
      }));
    },
    async reseal(id, old, now) {
      const done = await database.raw<{ rowCount: number }>(RESEAL, {
        id,
        ...now,
        oldKeyId: old.keyId,
        oldSealed: old.sealed,
      });
      return done.rowCount > 0;
    },
  });
}
