-- Deleting and keeping: what was deleted goes after a grace time, with all that belongs to it.

-- Jobs whose grace is over, the longest deleted first.
update jobs set deleted_at = state_since where state = 'deleted' and deleted_at is null;
create index jobs_deleted on jobs (deleted_at) where state = 'deleted';

-- What a deleted job's key and names must not be used for again: one row for each job that had such a name.
create table job_tombstones (
  project_id integer not null,
  spider integer not null,
  number integer not null,
  job_id bigint not null,
  idempotency_key text,
  alias text,
  purged_at timestamptz not null default now(),
  primary key (project_id, spider, number),
  check (idempotency_key is not null or alias is not null)
);
create unique index job_tombstones_idempotency on job_tombstones (project_id, idempotency_key)
  where idempotency_key is not null;
create unique index job_tombstones_alias on job_tombstones (project_id, alias) where alias is not null;

-- Jobs whose rows are gone and whose streams are not yet: written in the transaction that removes the rows.
create table streams_to_free (
  project_id integer not null,
  spider integer not null,
  number integer not null,
  -- Until then somebody who found the job's rows may still read its streams, or its crawl write them.
  free_at timestamptz not null,
  primary key (project_id, spider, number)
);
create index streams_to_free_due on streams_to_free (free_at);

-- With its job goes all that belongs to it.
alter table comments drop constraint comments_job_id_fkey,
  add constraint comments_job_id_fkey foreign key (job_id) references jobs on delete cascade;
alter table reports drop constraint reports_job_id_fkey,
  add constraint reports_job_id_fkey foreign key (job_id) references jobs on delete cascade;

-- Not a foreign key: it would look for the job's row once more with each job that is scheduled.
create function forget_job_details() returns trigger language plpgsql as $$
begin
  delete from job_details d using removed r where d.job_id = r.id;
  return null;
end
$$;

create trigger jobs_forget_details after delete on jobs
  referencing old table as removed for each statement execute function forget_job_details();

-- Free metadata of a job that a caller removed with all its data: out of sight, until the job goes or comes back.
alter table job_details add column meta_aside json;

-- How long finished jobs are kept; the spider's words win over its project's, field by field.
alter table projects add column retention jsonb not null default '{}' check (jsonb_typeof(retention) = 'object');
alter table spiders add column retention jsonb not null default '{}' check (jsonb_typeof(retention) = 'object');

-- Files by the hash of their content. A blob goes when no row names it and nobody stored it for a day: whoever stores one
-- touches its row first and names it afterwards.
create table blobs (
  sha256 text primary key check (sha256 ~ '^[0-9a-f]{64}$'),
  size_bytes bigint not null,
  last_used timestamptz not null default now()
);
create index reports_sha256 on reports (sha256);

-- One call for each flush of the API's group commit. Locks the spiders' counters in key order first, so that two
-- API processes never wait for each other in a circle. A repeated idempotency key is answered with the job that
-- carries it, or carried it before it was purged: names of jobs stay taken by their tombstones.
create or replace function schedule_jobs(batch json)
returns table (ordinal integer, outcome text, id bigint, spider integer, number integer)
language plpgsql as $$
#variable_conflict use_column
declare
  placed_one record;
  first_one record;
  projects integer[] := '{}';
  aliases text[] := '{}';
  keys text[] := '{}';
begin
  perform 1
  from spiders s
  where (s.project_id, s.name) in
    (select b.project, b.spider from json_to_recordset(batch) as b (project integer, spider text))
  order by s.project_id, s.number
  for no key update;

  for placed_one in
    with asked as materialized (
      -- The spiders are locked, so their counters stand still.
      select b.*, s.number as spider_number,
        b.alias is not null
            and exists (select from job_tombstones t where t.project_id = b.project and t.alias = b.alias)
          or b."idempotencyKey" is not null and exists (select from job_tombstones t
            where t.project_id = b.project and t.idempotency_key = b."idempotencyKey") as taken,
        s.next_job - 1 + row_number() over (partition by s.project_id, s.number order by b.ordinal) as job_number
      from json_to_recordset(batch) as b (
        ordinal integer, project integer, spider text, state text, priority smallint, units smallint, tags text[],
        version text, external boolean, "uniqueKey" text, "idempotencyKey" text, "scheduledBy" text,
        "requestId" text, alias text, rank double precision, "internalArgs" text, "closeReason" text, "scrapyStats" text,
        -- JSON as text: read as json here, Postgres would refuse an escaped NUL inside of it.
        args text, settings text, environment text, command text, meta text)
      left join spiders s on s.project_id = b.project and s.name = b.spider
    ),
    counted as (
      update spiders s
      set next_job = last.job_number + 1
      from (select project, spider_number, max(job_number) as job_number from asked
            where spider_number is not null group by 1, 2) last
      where s.project_id = last.project and s.number = last.spider_number
    ),
    inserted as (
      insert into jobs as j (project_id, spider, number, state, priority, units, tags, version, external, unique_key,
        idempotency_key, alias, rank, close_reason, scheduled_by, pending_at, running_at, started_by, finished_at,
        completed_by, deleted_at, deleted_by)
      select a.project, a.spider_number, a.job_number, a.state, a.priority, a.units, a.tags, a.version,
        a.external, a."uniqueKey", a."idempotencyKey", a.alias, coalesce(a.rank, 0), a."closeReason",
        case when a.state = 'pending' then a."scheduledBy" end,
        case when a.state = 'pending' then now() end,
        case when a.state = 'running' then now() end,
        case when a.state = 'running' then a."scheduledBy" end,
        case when a.state = 'finished' then now() end,
        case when a.state = 'finished' then a."scheduledBy" end,
        case when a.state = 'deleted' then now() end,
        case when a.state = 'deleted' then a."scheduledBy" end
      from asked a
      where a.spider_number is not null and not a.taken
      order by a.ordinal
      -- Three rules can collide here: the unique key of an active job, the idempotency key and the alias.
      on conflict do nothing
      returning j.id, j.project_id, j.spider, j.number
    ),
    placed as materialized (
      select a.*, i.id, i.number
      from asked a
      join inserted i on i.project_id = a.project and i.spider = a.spider_number and i.number = a.job_number
    ),
    detailed as (
      insert into job_details (job_id, args, settings, environment, command, request_id, internal_args, scrapy_stats)
      select p.id, p.args::json, p.settings, p.environment::json, p.command::json, p."requestId",
        p."internalArgs"::json, p."scrapyStats"
      from placed p
    ),
    described as (
      insert into job_meta (job_id, name, value)
      select p.id, m.key, m.value from placed p, json_each_text(p.meta::json) m where p.meta <> '{}'
    )
    select a.ordinal, a.project, a."idempotencyKey" as idempotency_key,
      case when a.spider_number is null then 'unknown_spider' when p.id is null then 'duplicate' else 'scheduled' end
        as outcome,
      p.id, a.spider_number, p.number, p.alias as placed_alias, p."idempotencyKey" as placed_key
    from asked a
    left join placed p on p.ordinal = a.ordinal
  loop
    ordinal := placed_one.ordinal;
    outcome := placed_one.outcome;
    id := placed_one.id;
    spider := placed_one.spider_number;
    number := placed_one.number;
    if placed_one.placed_alias is not null or placed_one.placed_key is not null then
      projects := projects || placed_one.project;
      aliases := aliases || placed_one.placed_alias;
      keys := keys || placed_one.placed_key;
    end if;
    if placed_one.outcome = 'duplicate' and placed_one.idempotency_key is not null then
      -- A statement of its own sees what another call committed meanwhile.
      select j.id, j.spider, j.number into first_one
      from jobs j where j.project_id = placed_one.project and j.idempotency_key = placed_one.idempotency_key
      union all
      select t.job_id, t.spider, t.number
      from job_tombstones t where t.project_id = placed_one.project and t.idempotency_key = placed_one.idempotency_key
      limit 1;
      if found then
        outcome := 'scheduled';
        id := first_one.id;
        spider := first_one.spider;
        number := first_one.number;
      end if;
    end if;
    return next;
  end loop;

  -- A job that was purged in this very moment gave its name free, and its tombstone was not to be seen yet when this
  -- call looked. Now it is: the whole call begins again.
  if projects <> '{}' then
    perform from unnest(projects, aliases, keys) as n (project, alias, key)
    where exists (select from job_tombstones t where t.project_id = n.project and t.alias = n.alias)
      or exists (select from job_tombstones t where t.project_id = n.project and t.idempotency_key = n.key);
    if found then raise exception 'a name of a purged job' using errcode = 'serialization_failure'; end if;
  end if;
end
$$;
