import type { MetadataChange } from '@spiderhub/core';

type KnownField = Exclude<keyof MetadataChange, 'meta' | 'forget'>;

const JOB_FIELDS: Partial<Record<KnownField, string>> = {
  closeReason: 'close_reason = :closeReason::text',
  tags: 'tags = :tags::text[]',
  priority: 'priority = :priority::smallint',
  units: 'units = :units::smallint',
  version: 'version = :version::text',
};

const DETAIL_FIELDS: Partial<Record<KnownField, string>> = {
  args: 'args = :args::json',
  settings: 'settings = :settings::text',
  environment: 'environment = :environment::json',
  command: 'command = :command::json',
  scrapyStats: 'scrapy_stats = :scrapyStats::text',
};

/** Statements that change the metadata of the jobs `:ids`; none for an empty change. */
export function describeSql(change: MetadataChange): string[] {
  const statements: string[] = [];
  const ofJob = given(change, JOB_FIELDS);
  const ofDetails = given(change, DETAIL_FIELDS);
  if (ofJob.length > 0) statements.push(`update jobs set ${ofJob.join(', ')} where id = any(:ids::bigint[])`);
  if (ofDetails.length > 0) {
    statements.push(`update job_details set ${ofDetails.join(', ')} where job_id = any(:ids::bigint[])`);
  }
  if (change.forget.length > 0) {
    statements.push(
      'delete from job_meta where job_id = any(:ids::bigint[]) and name = any(:forget::text[])',
    );
  }
  if (change.meta.size > 0) {
    statements.push(`insert into job_meta (job_id, name, value)
      select i.id, m.name, m.value
      from unnest(:ids::bigint[]) i (id), unnest(:names::text[], :values::text[]) m (name, value)
      on conflict (job_id, name) do update set value = excluded.value`);
  }
  return statements;
}

export function metadataBindings({ meta, ...change }: MetadataChange): Record<string, unknown> {
  return { ...change, names: [...meta.keys()], values: [...meta.values()] };
}

function given(change: MetadataChange, fields: Partial<Record<KnownField, string>>): string[] {
  return Object.entries(fields).flatMap(([field, sql]) =>
    change[field as KnownField] === undefined ? [] : [sql],
  );
}
