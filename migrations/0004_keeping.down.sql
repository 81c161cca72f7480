-- One call for each flush of the API's group commit. Locks the spiders' counters in key order first, so that two
-- API processes never wait for each other in a circle. A repeated idempotency key is answered with the job that
-- carries it.
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
      -- The spiders are locked, so their counters stand still.
      select b.*, s.number as spider_number,
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
      where a.spider_number is not null
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

drop index reports_sha256;
drop table blobs;
alter table spiders drop column retention;
alter table projects drop column retention;
alter table job_details drop column meta_aside;
drop trigger jobs_forget_details on jobs;
drop function forget_job_details();
alter table reports drop constraint reports_job_id_fkey, add constraint reports_job_id_fkey foreign key (job_id) references jobs;
alter table comments drop constraint comments_job_id_fkey, add constraint comments_job_id_fkey foreign key (job_id) references jobs;
drop table streams_to_free;
drop table job_tombstones;
drop index jobs_deleted;
