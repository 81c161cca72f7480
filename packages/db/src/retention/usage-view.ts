import type { ProjectUsage, UsageView } from '@spiderhub/core';
import type { Database } from '../database.ts';
import { patiently } from '../patience.ts';
import { translated } from '../pg-errors.ts';

type Row = { [K in keyof ProjectUsage]: K extends 'project' ? number : string };

const USAGE = `
  with counts as (
    select c.project_id, c.state, sum(c.n) as n
    from (select project_id, state, n from job_counts union all select project_id, state, n from job_count_changes) c
    group by 1, 2
  ),
  named as (
    select project_id, egg_sha256 as sha256, egg_size_bytes as size_bytes from versions
    union
    select v.project_id, b.sha256, b.size_bytes from versions v
    cross join unnest(v.extra_eggs) as e (sha256) join blobs b on b.sha256 = e.sha256
    union
    select project_id, sha256, size_bytes from project_eggs
    union
    select j.project_id, r.sha256, r.size_bytes from reports r join jobs j on j.id = r.job_id
  )
  select p.id as project, p.name,
    coalesce(sum(c.n) filter (where c.state in ('pending', 'admitted')), 0) as pending,
    coalesce(sum(c.n) filter (where c.state in ('running', 'outside')), 0) as running,
    coalesce(sum(c.n) filter (where c.state = 'finished'), 0) as finished,
    coalesce(sum(c.n) filter (where c.state = 'deleted'), 0) as deleted,
    (select coalesce(sum(j.items), 0) from jobs j where j.project_id = p.id) as items,
    (select coalesce(sum(b.size_bytes), 0) from named b where b.project_id = p.id) as "blobBytes"
  from projects p
  left join counts c on c.project_id = p.id
  where :project::int is null or p.id = :project::int
  group by p.id, p.name order by p.id`;

/** `run`: how long it may take; as long as it needs unless something else is said. */
export function createUsageView(database: Database, run: typeof patiently = patiently): UsageView {
  return translated<UsageView>({
    async usage(project) {
      const { rows } = await run(database, (tx) => tx.raw<{ rows: Row[] }>(USAGE, { project }));
      return rows.map(({ project: id, name, ...numbers }) => ({ project: id, name, ...numbersOf(numbers) }));
    },
  });
}

function numbersOf<T extends Record<string, string>>(texts: T): { [K in keyof T]: number } {
  const entries = Object.entries(texts).map(([name, text]) => [name, Number(text)]);
  return Object.fromEntries(entries) as { [K in keyof T]: number };
}
