-- The event log: activity grown up. One row for each thing that happened; programs read it with a cursor on (xid, id).

alter table activity rename to events;
alter index activity_pkey rename to events_pkey;
alter table events drop constraint activity_check;

-- The transaction that wrote the row. Ids are given before the commit, so a reader that only looks at ids would pass by
-- the rows of a transaction that commits late; below pg_snapshot_xmin nothing can appear any more.
alter table events add column xid xid8 not null default pg_current_xact_id();
alter table events rename column who to actor;
-- JSON text: what a caller reported, word for word, or what belongs to an event of ours.
alter table events rename column event to data;
alter table events rename column what to type;
update events set type = case type when 'completed' then 'job.finished' else 'job.' || type end where type is not null;
update events set type = 'project.reported' where type is null;
alter table events alter column type set not null;
create index events_feed on events (xid, id);

-- How many jobs each spider has in each state. Changes are only ever added, so transitions of one spider never wait for
-- each other; the leader folds them into job_counts. The truth is the sum of both tables, read in one statement.

create table job_counts (
  project_id integer not null,
  spider integer not null,
  -- A job's state, or `outside`: running in the hands of an outside worker.
  state text not null,
  n bigint not null,
  primary key (project_id, spider, state)
) with (fillfactor = 50);

-- What runs or is about to: the leader reads nothing else of them.
create index job_counts_live on job_counts (project_id, spider, n) where state in ('admitted', 'running') and n <> 0;

create table job_count_changes (
  project_id integer not null,
  spider integer not null,
  state text not null,
  n bigint not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);

create index job_count_changes_spider on job_count_changes (project_id, spider);

create function counted_state(state text, external boolean) returns text language sql immutable as $$
  select case when external and state = 'running' then 'outside' else state end
$$;

insert into job_counts (project_id, spider, state, n)
select project_id, spider, counted_state(state, external), count(*) from jobs group by 1, 2, 3;

-- The lease and the live counts of a job that one of our workers runs. A row of its own, because it changes with every
-- heartbeat: no column that does is in an index, so a beat rewrites nothing but this.
create table leases (
  job_id bigint primary key references jobs on delete cascade,
  attempt integer not null,
  worker text not null,
  until timestamptz not null,
  items bigint not null default 0,
  pages bigint not null default 0,
  logs bigint not null default 0,
  errors bigint not null default 0
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
  autovacuum_vacuum_cost_delay = 0);

insert into leases (job_id, attempt, worker, until, items, pages, logs, errors)
select id, attempt, worker, lease_until, items, pages, logs, errors
from jobs where state = 'running' and not external;

-- With the column go the index of what is live and the checks that name it.
alter table jobs drop column lease_until;
alter table jobs add check (state <> 'running' or external or worker is not null);
create index jobs_admitted on jobs (admitted_at) where state = 'admitted';
alter table jobs set (fillfactor = 85, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.05,
  autovacuum_analyze_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- The leader's place. A term ends when another process begins the next one; what must be done by one process at a time
-- names its term.
create table leader (
  singleton boolean primary key default true check (singleton),
  term bigint not null,
  -- Process that leads, for people who look.
  holder text,
  until timestamptz not null
);

insert into leader (term, until) values (0, 'epoch');

-- Whatever changes jobs, their counts and the event log follow in the same statement: a trigger for each statement, so
-- that a million jobs cost three inserts. Tables of changed rows have no statistics, and a nested loop over two of them
-- would never end.

drop trigger jobs_tell_of_change on jobs;
drop function tell_of_changed_job();

create function tell_of_added_jobs() returns trigger language plpgsql as $$
begin
  insert into job_count_changes (project_id, spider, state, n)
  select a.project_id, a.spider, counted_state(a.state, a.external), count(*) from added a group by 1, 2, 3;

  insert into events (project_id, spider, job, type, actor)
  select a.project_id, a.spider, a.number,
    'job.' || case a.state when 'pending' then 'scheduled' when 'running' then 'started' else a.state end,
    coalesce(a.scheduled_by, a.started_by, a.completed_by, a.deleted_by)
  from added a
  -- A job that is brought over from somewhere else happened long ago.
  where a.state_since = now()
  order by a.id;
  return null;
end
$$;

create function tell_of_changed_jobs() returns trigger language plpgsql set enable_nestloop = off as $$
begin
  insert into job_count_changes (project_id, spider, state, n)
  select c.project_id, c.spider, c.state, sum(c.n)
  from (
    select b.project_id, b.spider, counted_state(b.state, b.external) as state, -1 as n from before b
    union all
    select a.project_id, a.spider, counted_state(a.state, a.external), 1 from after a
  ) c
  group by 1, 2, 3 having sum(c.n) <> 0;

  insert into events (project_id, spider, job, type, actor, data)
  select a.project_id, a.spider, a.number, e.type, e.actor, e.data
  from after a
  join before b on b.id = a.id
  cross join lateral (
    select 1 as nth, 'job.cancelled' as type, a.cancelled_by as actor, null::text as data
    where a.cancelled_by is not null and b.cancelled_by is null
    union all
    select 2,
      case a.state when 'running' then 'job.started' when 'pending' then 'job.requeued' when 'deleted' then 'job.deleted'
        else case b.state when 'deleted' then 'job.restored' else 'job.finished' end end,
      case a.state when 'running' then a.started_by when 'deleted' then a.deleted_by
        -- Back in the queue: by whoever moved it there, or by its policy.
        when 'pending' then case when a.pending_at is distinct from b.pending_at then a.scheduled_by end
        else case b.state when 'deleted' then null else a.completed_by end end,
      case when a.state = 'finished' then json_build_object('attempt', a.attempt, 'close_reason', a.close_reason,
        'items', a.items, 'errors', a.errors)::text end
    -- `admitted` is the queue's own word, and nobody's event.
    where a.state <> b.state and a.state <> 'admitted'
  ) e
  where a.state <> b.state or a.cancelled_by is distinct from b.cancelled_by
  order by a.id, e.nth;
  return null;
end
$$;

create function tell_of_removed_jobs() returns trigger language plpgsql as $$
begin
  insert into job_count_changes (project_id, spider, state, n)
  select r.project_id, r.spider, counted_state(r.state, r.external), -count(*) from removed r group by 1, 2, 3;
  return null;
end
$$;

create trigger jobs_tell_of_added after insert on jobs
  referencing new table as added for each statement execute function tell_of_added_jobs();
create trigger jobs_tell_of_changed after update on jobs
  referencing old table as before new table as after for each statement execute function tell_of_changed_jobs();
create trigger jobs_tell_of_removed after delete on jobs
  referencing old table as removed for each statement execute function tell_of_removed_jobs();

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

-- The spider's words win over its project's, and both over the product's own.
drop function policy_of(integer, integer);
create function policy_of(of_project integer, of_spider integer, defaults jsonb) returns jsonb language sql stable as $$
  select defaults || p.policy || s.policy
  from projects p join spiders s on s.project_id = p.id
  where p.id = of_project and s.number = of_spider
$$;

-- What the end of an attempt is reported with.
create type attempt_report as (
  close_reason text, exit_status text, items bigint, pages bigint, logs bigint, errors bigint, scrapy_stats text
);

-- The fence: whoever was replaced meanwhile names an old attempt.
create function is_current_attempt(j jobs, of_attempt integer) returns boolean language sql immutable as $$
  select j.attempt = of_attempt
$$;

-- Ends the current attempt of a running job: the job finishes, or goes back to the queue where its policy says so.
-- `defaults`: the product's policy. `lapsed_only`: not when its lease was prolonged meanwhile.
-- Answers 'finished', 'requeued', 'already' (this attempt ended before) or 'fenced' (it is not the current one).
drop function end_attempt(bigint, integer, text, text, bigint, bigint, bigint, bigint, text, boolean);
create function end_attempt(of_job bigint, of_attempt integer, report attempt_report, defaults jsonb, lapsed_only boolean)
returns text language plpgsql as $$
declare
  j jobs;
  r attempt_report := report;
  policy jsonb;
  tries integer;
  again boolean;
begin
  select * into j from jobs where id = of_job for no key update;
  if not found or not is_current_attempt(j, of_attempt) or j.state <> 'running' or j.external then
    return case
      when exists (select from job_attempts where job_id = of_job and attempt = of_attempt) then 'already'
      else 'fenced' end;
  end if;
  delete from leases where job_id = of_job and (until < now() or not lapsed_only);
  if lapsed_only and not found then return 'fenced'; end if;

  policy := policy_of(j.project_id, j.spider, defaults);
  -- A worker that was stopped is not the job's fault: such attempts do not count.
  tries := 1 + (select count(*) from job_attempts where job_id = of_job and close_reason <> 'shutdown');
  again := j.stop_requested_at is null and (r.close_reason = 'shutdown'
    or (policy -> 'retryOn' @> to_jsonb(r.close_reason) and tries < (policy ->> 'maxAttempts')::integer));

  insert into job_attempts (job_id, attempt, worker, started_at, close_reason, exit_status, items, pages, logs, errors)
  values (of_job, of_attempt, j.worker, j.running_at, r.close_reason, r.exit_status, r.items, r.pages, r.logs, r.errors);
  if r.scrapy_stats is not null then
    update job_details set scrapy_stats = r.scrapy_stats where job_id = of_job;
  end if;

  if again then
    update jobs set
      state = 'pending', state_since = now(), worker = null, items = 0, pages = 0, logs = 0, errors = 0,
      wait_until = case when r.close_reason <> 'shutdown' then
        now() + least((policy ->> 'backoffSeconds')::float8 * power(2, tries - 1), 3600) * interval '1 s' end
    where id = of_job;
    return 'requeued';
  end if;

  update jobs set
    state = 'finished', state_since = now(), finished_at = now(), completed_by = 'jobrunner',
    close_reason = case when j.stop_requested_at is not null and r.close_reason in ('lost', 'shutdown') then 'cancelled'
      else r.close_reason end,
    exit_status = r.exit_status, items = r.items, pages = r.pages, logs = r.logs, errors = r.errors
  where id = of_job;
  return 'finished';
end
$$;

-- An egg that is deployed happens once, be it new or again.
create function tell_of_deployed_version() returns trigger language plpgsql as $$
begin
  insert into events (project_id, type, actor, data)
  values (new.project_id, 'version.deployed', new.deployed_by, json_build_object('version', new.name)::text);
  return null;
end
$$;

create trigger versions_tell_of_deployed after insert or update on versions
  for each row execute function tell_of_deployed_version();
