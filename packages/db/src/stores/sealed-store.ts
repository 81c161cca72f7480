import { placeOfVariable, placeOfWebhook, type SealedKind, type SealedStore } from '@spiderhub/core';
import { audit } from '../audit/write.ts';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

interface Row {
  id: string;
  project: number;
  /** Of a variable. */
  spider: number;
  name: string;
  /** Of a webhook's secret. */
  webhook: number;
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

const SEALED_OTHERWISE: Record<SealedKind, string> = {
  variables: `
    select id, project_id as project, spider, name, sealed, key_id as "keyId" from variables
    where sealed is not null and key_id <> :keyId and id > :after order by id limit :limit`,
  webhook_secrets: `
    select s.id, w.project_id as project, w.id as webhook, s.sealed, s.key_id as "keyId"
    from webhook_secrets s join webhooks w on w.id = s.webhook_id
    where s.key_id <> :keyId and s.id > :after order by s.id limit :limit`,
};

const PLACES: Record<SealedKind, (row: Row) => string> = {
  variables: placeOfVariable,
  webhook_secrets: ({ project, webhook }) => placeOfWebhook(project, webhook),
};

const reseal = (kind: SealedKind) => `
  update ${kind} set sealed = :sealed, key_id = :keyId
  where id = :id and key_id = :oldKeyId and sealed = :oldSealed`;

/** Holds the row that names the sealing key until what other keys sealed is stored. False: it names another one now. */
export async function isSealedAsNow(tx: Database, keyIds: readonly string[]): Promise<boolean> {
  if (keyIds.length === 0) return true;
  const { rows } = await tx.raw<{ rows: { key_id: string }[] }>('select key_id from sealing_key for share');
  return keyIds.every((id) => id === rows[0]?.key_id);
}

/** Secrets of all tables. */
export function createSealedStore(database: Database): SealedStore {
  return translated<SealedStore>({
    async sealingKey(first) {
      const { rows } = await database.raw<{ rows: { key_id: string }[] }>(FIRST, { id: first });
      // Nobody's row, when another caller was making it in this moment.
      return rows[0]?.key_id ?? first;
    },
    changeSealingKey: (actor, id) =>
      database.transaction(async (tx) => {
        const before = await tx('sealing_key').first('key_id');
        await tx.raw(CHANGE, { id });
        const entry = { place: null, object: 'sealing key', before: before ?? null, after: { key_id: id } };
        if (before?.key_id !== id) await audit(tx, actor, { ...entry, action: 'secrets.rotated' });
      }),
    async sealedOtherwise(kind, keyId, after, limit) {
      const asked = { keyId, after, limit };
      const { rows } = await database.raw<{ rows: Row[] }>(SEALED_OTHERWISE[kind], asked);
      return rows.map((row) => ({
        id: Number(row.id),
        place: PLACES[kind](row),
        keyId: row.keyId,
        sealed: row.sealed,
      }));
    },
    async reseal(kind, id, old, now) {
      const done = await database.raw<{ rowCount: number }>(reseal(kind), {
        id,
        ...now,
        oldKeyId: old.keyId,
        oldSealed: old.sealed,
      });
      return done.rowCount > 0;
    },
  });
}
