-- min-program: 0008
-- Periodic jobs: what is planned, what came of each planned time, and which of their jobs are not over yet.
create table periodic_jobs (
  id integer generated always as identity primary key,
  project_id integer not null references projects on delete cascade,
  cron text not null,
  timezone text not null,
  overlap text not null check (overlap in ('skip', 'allow', 'queue', 'replace')),
  catchup text not null check (catchup in ('skip', 'one', 'all')),
  jitter_seconds integer not null check (jitter_seconds between 0 and 3600),
  start_at timestamptz,
  end_at timestamptz,
  disabled boolean not null,
  description text not null,
  tags text[] not null,
  tasks text not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  revision integer not null default 1,
  -- Whole seconds: what JavaScript reads and writes must be the same moment.
  next_at timestamptz(0),
  fire_at timestamptz(0),
  zone_rules text not null,
  failures integer not null default 0
);
comment on column periodic_jobs.tasks is 'JSON: what each of its jobs is scheduled with';
comment on column periodic_jobs.next_at is 'The next planned time; null: never again';
comment on column periodic_jobs.fire_at is 'next_at and its jitter';
comment on column periodic_jobs.failures is 'Planned times in a row of which no task could start';
create index periodic_jobs_project on periodic_jobs (project_id, id);
create index periodic_jobs_due on periodic_jobs (fire_at) where not disabled and fire_at is not null;

create table periodic_runs (
  periodic_id integer not null references periodic_jobs on delete cascade,
  planned_at timestamptz(0) not null,
  fired_at timestamptz not null default now(),
  outcome text not null check (outcome in ('scheduled', 'partly', 'overlap', 'missed', 'refused')),
  reason text,
  jobs text[] not null,
  primary key (periodic_id, planned_at)
);
create index periodic_runs_fired on periodic_runs (fired_at);

create table periodic_active (
  job_id bigint primary key references jobs on delete cascade,
  periodic_id integer not null references periodic_jobs on delete cascade,
  task smallint not null
);
comment on table periodic_active is 'Jobs of periodic jobs; rows of those that are over go when the periodic job fires again';
create index periodic_active_of on periodic_active (periodic_id, task);
