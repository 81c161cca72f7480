-- What happens to attempts that end badly, and what a crawl may use. The spider's words win over its project's.
alter table projects add column policy jsonb not null default '{}' check (jsonb_typeof(policy) = 'object');
alter table spiders add column policy jsonb not null default '{}' check (jsonb_typeof(policy) = 'object');

-- A job that is tried again waits until then.
alter table jobs add column wait_until timestamptz;

-- Every attempt that ended, the last one included.
create table job_attempts (
  job_id bigint not null references jobs on delete cascade,
  attempt integer not null,
  worker text,
  started_at timestamptz,
  ended_at timestamptz not null default now(),
  close_reason text not null,
  exit_status text,
  items bigint not null,
  pages bigint not null,
  logs bigint not null,
  errors bigint not null,
  primary key (job_id, attempt)
);

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
