drop trigger versions_tell_of_deployed on versions;
drop function tell_of_deployed_version();
drop function end_attempt(bigint, integer, attempt_report, jsonb, boolean);
drop type attempt_report;
drop function is_current_attempt(jobs, integer);
drop function policy_of(integer, integer, jsonb);
drop trigger jobs_tell_of_added on jobs;
drop trigger jobs_tell_of_changed on jobs;
drop trigger jobs_tell_of_removed on jobs;
drop function tell_of_added_jobs();
drop function tell_of_changed_jobs();
drop function tell_of_removed_jobs();
drop table leader;

alter table jobs reset (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_vacuum_insert_scale_factor,
  autovacuum_analyze_scale_factor, autovacuum_vacuum_cost_delay);
drop index jobs_admitted;
alter table jobs drop constraint jobs_check;
alter table jobs add column lease_until timestamptz;
update jobs j set lease_until = l.until, items = l.items, pages = l.pages, logs = l.logs, errors = l.errors
from leases l where l.job_id = j.id;
drop table leases;
alter table jobs add check (state <> 'running' or external or (worker is not null and lease_until is not null));
alter table jobs add check (state in ('admitted', 'running') or lease_until is null);
create index jobs_live on jobs (state, lease_until) where state in ('admitted', 'running');

drop table job_count_changes;
drop table job_counts;
drop function counted_state(text, boolean);

drop index events_feed;
delete from events where type not in ('project.reported', 'job.scheduled', 'job.started', 'job.finished', 'job.cancelled', 'job.deleted');
alter table events alter column type drop not null;
update events set data = null where type <> 'project.reported';
update events set type = null where type = 'project.reported';
update events set type = case type when 'job.finished' then 'completed' else substr(type, 5) end where type is not null;
alter table events drop column xid;
alter table events rename column actor to who;
alter table events rename column data to event;
alter table events rename column type to what;
alter table events rename to activity;
alter index events_pkey rename to activity_pkey;
alter table activity add constraint activity_check check ((event is null) <> (what is null));

create function tell_of_changed_job() returns trigger language plpgsql as $$
declare
  what text;
  who text;
begin
  if new.cancelled_by is not null and old.cancelled_by is null then
    insert into activity (project_id, spider, job, what, who)
    values (new.project_id, new.spider, new.number, 'cancelled', new.cancelled_by);
  end if;
  if new.state = old.state then return null; end if;
  case new.state
    when 'running' then what := 'started'; who := new.started_by;
    when 'finished' then what := 'completed'; who := new.completed_by;
    when 'deleted' then what := 'deleted'; who := new.deleted_by;
    else return null; -- admitted, or back in the queue after its worker was lost
  end case;
  insert into activity (project_id, spider, job, what, who)
  values (new.project_id, new.spider, new.number, what, who);
  return null;
end
$$;

-- Heartbeats name neither column, so they never come here.
create trigger jobs_tell_of_change after update of state, cancelled_by on jobs
  for each row when (old.state is distinct from new.state or old.cancelled_by is distinct from new.cancelled_by)
  execute function tell_of_changed_job();

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
    ),
    told as (
      insert into activity (project_id, spider, job, what, who)
      select p.project, p.spider_number, p.number,
        case p.state when 'pending' then 'scheduled' when 'running' then 'started' when 'finished' then 'completed'
          else 'deleted' end,
        p."scheduledBy"
      from placed p order by p.ordinal
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

-- The spider's words win over its project's, and both over the defaults.
create function policy_of(of_project integer, of_spider integer) returns jsonb language sql stable as $$
  select '{"retryOn": ["lost"], "maxAttempts": 5, "backoffSeconds": 0, "stalledSeconds": 3600}'::jsonb
    || p.policy || s.policy
  from projects p join spiders s on s.project_id = p.id
  where p.id = of_project and s.number = of_spider
$$;

-- Ends the current attempt of a running job: the job finishes, or goes back to the queue where its policy says so.
-- Answers 'finished', 'requeued', 'already' (this attempt ended before) or 'fenced' (it is not the current one).
create function end_attempt(
  of_job bigint, of_attempt integer, reason text, status text,
  n_items bigint, n_pages bigint, n_logs bigint, n_errors bigint, stats text, lapsed_only boolean
) returns text language plpgsql as $$
declare
  j jobs;
  policy jsonb;
  tries integer;
  again boolean;
begin
  select * into j from jobs where id = of_job for no key update;
  if not found or j.attempt <> of_attempt or j.state <> 'running' or j.external
    or (lapsed_only and j.lease_until >= now())
  then
    return case
      when exists (select from job_attempts where job_id = of_job and attempt = of_attempt) then 'already'
      else 'fenced' end;
  end if;

  policy := policy_of(j.project_id, j.spider);
  -- A worker that was stopped is not the job's fault: such attempts do not count.
  tries := 1 + (select count(*) from job_attempts where job_id = of_job and close_reason <> 'shutdown');
  again := j.stop_requested_at is null and (reason = 'shutdown'
    or (policy -> 'retryOn' @> to_jsonb(reason) and tries < (policy ->> 'maxAttempts')::integer));

  insert into job_attempts (job_id, attempt, worker, started_at, close_reason, exit_status, items, pages, logs, errors)
  values (of_job, of_attempt, j.worker, j.running_at, reason, status, n_items, n_pages, n_logs, n_errors);
  update job_details set scrapy_stats = coalesce(stats, scrapy_stats) where job_id = of_job;

  if again then
    update jobs set
      state = 'pending', state_since = now(), worker = null, lease_until = null,
      items = 0, pages = 0, logs = 0, errors = 0,
      wait_until = case when reason <> 'shutdown' then
        now() + least((policy ->> 'backoffSeconds')::float8 * power(2, tries - 1), 3600) * interval '1 s' end
    where id = of_job;
    return 'requeued';
  end if;

  update jobs set
    state = 'finished', state_since = now(), finished_at = now(), completed_by = 'jobrunner', lease_until = null,
    close_reason = case when j.stop_requested_at is not null and reason in ('lost', 'shutdown') then 'cancelled'
      else reason end,
    exit_status = status, items = n_items, pages = n_pages, logs = n_logs, errors = n_errors
  where id = of_job;
  return 'finished';
end
$$;
