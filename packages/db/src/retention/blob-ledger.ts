import type { BlobLedger } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

const TOUCH = `
  insert into blobs (sha256, size_bytes) values (:sha256, :sizeBytes)
  on conflict (sha256) do update set last_used = now(), size_bytes = excluded.size_bytes`;

// The row stays locked until its file is gone: whoever stores the same content waits, and stores it anew.
const TAKE_UNUSED = `
  delete from blobs b
  where b.sha256 = any(:page::text[]) and b.last_used <= now() - :unusedMs::float8 * interval '1 ms'
    and not exists (select from versions v where v.egg_sha256 = b.sha256)
    and not exists (select from versions v cross join unnest(v.extra_eggs) as e (sha256) where e.sha256 = b.sha256)
    and not exists (select from project_eggs e where e.sha256 = b.sha256)
    and not exists (select from reports r where r.sha256 = b.sha256)
  returning b.sha256`;

export function createBlobLedger(database: Database): BlobLedger {
  return translated<BlobLedger>({
    async touch({ sha256, sizeBytes }) {
      await database.raw(TOUCH, { sha256, sizeBytes });
    },
    async note(blobs) {
      await database.raw(
        `insert into blobs (sha256, size_bytes) select * from unnest(:names::text[], :sizes::bigint[])
        on conflict do nothing`,
        { names: blobs.map((blob) => blob.sha256), sizes: blobs.map((blob) => blob.sizeBytes) },
      );
    },
    collect: ({ after, limit, unusedMs }, remove) =>
      database.transaction(async (tx) => {
        const known: { sha256: string }[] = await tx('blobs')
          .where('sha256', '>', after)
          .orderBy('sha256')
          .limit(limit)
          .select('sha256');
        const page = known.map(({ sha256 }) => sha256);
        const { rows } = await tx.raw<{ rows: { sha256: string }[] }>(TAKE_UNUSED, { page, unusedMs });
        for (const { sha256 } of rows) await remove(sha256);
        return { removed: rows.length, last: page.length === limit ? (page.at(-1) ?? null) : null };
      }),
  });
}
