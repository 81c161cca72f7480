-- A client that repeats a schedule call under the same key gets the job of the first call.
alter table jobs add column idempotency_key text check (length(idempotency_key) between 1 and 255);
create unique index jobs_idempotency on jobs (project_id, idempotency_key) where idempotency_key is not null;

-- Who is consuming which finished job at the moment. Pipelines are told apart by the tag that marks their work done.
create table job_claims (
  job_id bigint not null references jobs on delete cascade,
  tag text not null,
  project_id integer not null,
  worker text not null,
  lease_until timestamptz not null,
  primary key (job_id, tag)
);
create index job_claims_worker on job_claims (project_id, tag, worker);

-- As before, and: a repeated idempotency key is answered with the job that carries it.
create or replace function schedule_jobs(batch json)
returns table (ordinal integer, outcome text, id bigint, spider integer, number integer)
language plpgsql as $$
#variable_conflict use_column
declare
  placed_one record;
  first_one record;
begin
  perform 1
  from spiders s
  where (s.project_id, s.name) in
    (select b.project, b.spider from json_to_recordset(batch) as b (project integer, spider text))
  order by s.project_id, s.number
  for no key update;

  for placed_one in
    with asked as materialized (
      select b.*, s.number as spider_number,
        row_number() over (partition by s.project_id, s.number order by b.ordinal) as nth
      from json_to_recordset(batch) as b (
        ordinal integer, project integer, spider text, state text, priority smallint, units smallint, tags text[],
        version text, external boolean, "uniqueKey" text, "idempotencyKey" text, "scheduledBy" text,
        "requestId" text, alias text, rank double precision, "internalArgs" text,
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
        idempotency_key, alias, rank, scheduled_by, pending_at, running_at, started_by, finished_at, completed_by, deleted_at,
        deleted_by)
      select a.project, a.spider_number, c.first + a.nth - 1, a.state, a.priority, a.units, a.tags, a.version,
        a.external, a."uniqueKey", a."idempotencyKey", a.alias, coalesce(a.rank, 0),
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
      -- Three rules can collide here: the unique key of an active job, the idempotency key and the alias.
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
    select a.ordinal, a.project, a."idempotencyKey" as idempotency_key,
      case when a.spider_number is null then 'unknown_spider' when p.id is null then 'duplicate' else 'scheduled' end
        as outcome,
      p.id, a.spider_number, p.number
    from asked a
    left join placed p on p.ordinal = a.ordinal
  loop
    ordinal := placed_one.ordinal;
    outcome := placed_one.outcome;
    id := placed_one.id;
    spider := placed_one.spider_number;
    number := placed_one.number;
    if placed_one.outcome = 'duplicate' and placed_one.idempotency_key is not null then
      -- A statement of its own sees what another call committed meanwhile.
      select j.id, j.spider, j.number into first_one
      from jobs j where j.project_id = placed_one.project and j.idempotency_key = placed_one.idempotency_key;
      if found then
        outcome := 'scheduled';
        id := first_one.id;
        spider := first_one.spider;
        number := first_one.number;
      end if;
    end if;
    return next;
  end loop;
end
$$;
