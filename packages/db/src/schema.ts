import type { Database } from './database.ts';

// What a migration makes, in the words of the catalogue: the same in each version of Postgres, and without pg_dump.
const OBJECTS = `
  select o.place, o.text from (
  with t as (
    select c.oid, c.relname, c.reloptions from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'c')
      and not starts_with(c.relname, 'migrations') and not starts_with(c.relname, 'knex')
  ),
  columns as (
    select a.attrelid, string_agg(format('  %s %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attcollation <> y.typcollation then ' collate ' || quote_ident(l.collname) else '' end,
      case when a.attidentity <> '' then ' generated identity'
        when d.oid is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
      case when a.attnotnull then ' not null' else '' end), E',\n' order by a.attnum) as text
    from pg_attribute a
    join pg_type y on y.oid = a.atttypid
    left join pg_collation l on l.oid = a.attcollation
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where a.attnum > 0 and not a.attisdropped group by a.attrelid
  )
  select 1 as place, t.relname::text as of, t.relname::text as name,
    format(E'create %s %s (\n%s\n)%s', case when exists (select from pg_type where typrelid = t.oid and typtype = 'c'
      and exists (select from pg_class where oid = t.oid and relkind = 'c')) then 'type' else 'table' end,
      t.relname, c.text, ' with (' || array_to_string(t.reloptions, ', ') || ')') as text
  from t join columns c on c.attrelid = t.oid
  union all
  select 2, t.relname, k.conname, format('alter table %s add constraint %s %s', t.relname, k.conname, pg_get_constraintdef(k.oid))
  from pg_constraint k join t on t.oid = k.conrelid where k.contype in ('p', 'u', 'f', 'c')
  union all
  select 3, t.relname, i.relname, replace(pg_get_indexdef(i.oid), 'public.', '')
  from pg_index x join t on t.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
  where not exists (select from pg_constraint k where k.conindid = i.oid)
  union all
  select 4, t.relname, g.tgname, replace(pg_get_triggerdef(g.oid), 'public.', '')
  from pg_trigger g join t on t.oid = g.tgrelid where not g.tgisinternal
  union all
  select 5, p.proname, pg_get_function_identity_arguments(p.oid), replace(pg_get_functiondef(p.oid), 'public.', '')
  from pg_proc p where p.pronamespace = 'public'::regnamespace
    and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
  ) o order by o.of collate "C", o.place, o.name collate "C"`;

/** The schema as text that people and `git diff` can read: tables with their columns, rules, indexes and triggers; functions. */
export async function schemaText(database: Database): Promise<string> {
  const { rows } = await database.raw<{ rows: { place: number; text: string }[] }>(
    OBJECTS.replaceAll('?', '\\?'),
  );
  const texts = rows.map(
    ({ place, text }) => `${place === 1 || place === 5 ? '\n' : ''}${text.trimEnd()};\n`,
  );
  return `-- What the migrations make. Written by npm run schema, checked by a test; nothing reads it.\n${texts.join('')}`;
}
