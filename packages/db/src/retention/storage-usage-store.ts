import type { StorageUsageStore } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { translated } from '../pg-errors.ts';

const STALE = `
  select p.id from projects p left join project_usage u on u.project_id = p.id
  where u.measured_at is null or u.measured_at < now() - :olderThanMs * interval '1 ms'
  order by u.measured_at nulls first, p.id limit 1`;

// What several versions share counts once.
const ROW_BYTES = `
  select coalesce(sum(f.size_bytes), 0) as bytes from (
    select egg_sha256 as sha256, egg_size_bytes as size_bytes from versions where project_id = :project
    union
    select b.sha256, b.size_bytes from versions v
    cross join unnest(v.extra_eggs) as e (sha256) join blobs b on b.sha256 = e.sha256 where v.project_id = :project
    union
    select sha256, size_bytes from project_eggs where project_id = :project
    union
    select r.sha256, r.size_bytes from reports r join jobs j on j.id = r.job_id where j.project_id = :project
  ) f`;

// A project that was removed meanwhile has no usage.
const SAVE = `
  insert into project_usage as u (project_id, stored_bytes)
  select id, :storedBytes from projects where id = :project
  on conflict (project_id) do update set stored_bytes = excluded.stored_bytes, measured_at = now()`;

export function createStorageUsageStore(database: Database): StorageUsageStore {
  return translated<StorageUsageStore>({
    async stale(olderThanMs) {
      const { rows } = await database.raw<{ rows: { id: number }[] }>(STALE, { olderThanMs });
      return rows[0]?.id ?? null;
    },
    async rowBytes(project) {
      const { rows } = await database.raw<{ rows: [{ bytes: string }] }>(ROW_BYTES, { project });
      return Number(rows[0].bytes);
    },
    async save(project, storedBytes) {
      await database.raw(SAVE, { project, storedBytes });
    },
  });
}
