-- What Scrapyd's dialect needs.

-- A Scrapyd caller: name and password of an organisation. Names are unique, because nothing else says whose they are.
create table scrapyd_users (
  id integer generated always as identity primary key,
  organisation_id integer not null references organisations,
  -- A colon would end the name in Basic authentication.
  username text not null unique check (username <> '' and username !~ ':'),
  -- `scrypt$N$r$p$salt$hash`, the last two in base64.
  password_hash text not null,
  created_at timestamptz not null default now()
);

alter table jobs
  -- A second name that the caller chose for the job (Scrapyd's jobid), unique in its project for ever.
  add column alias text check (alias <> ''),
  -- Order inside a priority, higher first: Scrapyd's priorities are any float.
  add column rank double precision not null default 0,
  -- How hard the job was asked to stop: 1 politely, 2 once more (Scrapy then stops uncleanly), 3 to be killed.
  add column stop_level smallint not null default 0 check (stop_level between 0 and 3),
  -- Exit code of the crawl's process, or the name of the signal that ended it.
  add column exit_status text;

create unique index jobs_alias on jobs (project_id, alias) where alias is not null;

drop index jobs_waiting;
create index jobs_waiting on jobs (project_id, priority desc, rank desc, id) where state = 'pending' and not external;

alter table job_details
  -- Arguments that the spider gets but lists do not show (Scrapyd's `_job` and `_version`).
  add column internal_args json;

-- The version that jobs without one of their own run, where that is not the newest deployment: Scrapyd's rule is the
-- highest version number. Any deployment puts the usual rule back; Scrapyd's dialect then sets its own again.
alter table projects add column latest_version text;

create function forget_latest_version() returns trigger language plpgsql as $$
begin
  update projects set latest_version = null where id = new.project_id and latest_version is not null;
  return null;
end
$$;

create trigger versions_forget_latest after insert or update on versions
  for each row execute function forget_latest_version();

-- One call for each flush of the API's group commit. Locks the spiders' counters in key order first, so that two
-- API processes never wait for each other in a circle.
create or replace function schedule_jobs(batch json)
returns table (ordinal integer, outcome text, id bigint, spider integer, number integer)
language plpgsql as $$
#variable_conflict use_column
begin
  perform 1
  from spiders s
  where (s.project_id, s.name) in
    (select b.project, b.spider from json_to_recordset(batch) as b (project integer, spider text))
  order by s.project_id, s.number
  for no key update;

  return query
  with asked as materialized (
    select b.*, s.number as spider_number,
      row_number() over (partition by s.project_id, s.number order by b.ordinal) as nth
    from json_to_recordset(batch) as b (
      ordinal integer, project integer, spider text, state text, priority smallint, units smallint, tags text[],
      version text, external boolean, "uniqueKey" text, "scheduledBy" text, "requestId" text,
      alias text, rank double precision, "internalArgs" text,
      -- JSON as text: read as json here, Postgres would refuse an escaped NUL inside of it.
      args text, settings text, environment text, command text, meta text)
    left join spiders s on s.project_id = b.project and s.name = b.spider
  ),
  counted as (
    update spiders s
    set next_job = s.next_job + wanted.n
    from (select project, spider_number, count(*)::integer as n from asked
          where spider_number is not null group by 1, 2) wanted
    where s.project_id = wanted.project and s.number = wanted.spider_number
    returning s.project_id, s.number as spider_number, s.next_job - wanted.n as first
  ),
  inserted as (
    insert into jobs as j (project_id, spider, number, state, priority, units, tags, version, external, unique_key,
      alias, rank, scheduled_by, pending_at, running_at, started_by, finished_at, completed_by, deleted_at, deleted_by)
    select a.project, a.spider_number, c.first + a.nth - 1, a.state, a.priority, a.units, a.tags, a.version,
      a.external, a."uniqueKey", a.alias, coalesce(a.rank, 0),
      case when a.state = 'pending' then a."scheduledBy" end,
      case when a.state = 'pending' then now() end,
      case when a.state = 'running' then now() end,
      case when a.state = 'running' then a."scheduledBy" end,
      case when a.state = 'finished' then now() end,
      case when a.state = 'finished' then a."scheduledBy" end,
      case when a.state = 'deleted' then now() end,
      case when a.state = 'deleted' then a."scheduledBy" end
    from asked a
    join counted c on c.project_id = a.project and c.spider_number = a.spider_number
    order by a.ordinal
    -- Either the unique key or the alias is taken: both are duplicates.
    on conflict do nothing
    returning j.id, j.project_id, j.spider, j.number
  ),
  placed as (
    select a.*, i.id, i.number
    from asked a
    join counted c on c.project_id = a.project and c.spider_number = a.spider_number
    join inserted i on i.project_id = a.project and i.spider = a.spider_number and i.number = c.first + a.nth - 1
  ),
  detailed as (
    insert into job_details (job_id, args, settings, environment, command, request_id, internal_args)
    select p.id, p.args::json, p.settings::json, p.environment::json, p.command::json, p."requestId",
      p."internalArgs"::json
    from placed p
  ),
  described as (
    insert into job_meta (job_id, name, value)
    select p.id, m.key, m.value from placed p, json_each_text(p.meta::json) m
  )
  select a.ordinal,
    case when a.spider_number is null then 'unknown_spider' when p.id is null then 'duplicate' else 'scheduled' end,
    p.id, a.spider_number, p.number
  from asked a
  left join placed p on p.ordinal = a.ordinal;
end
$$;
