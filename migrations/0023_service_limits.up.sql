-- min-program: 0008
-- Service limits: what staff allows an organisation or a project where that is something else than the default. A name that
-- is not there has its default, null is no limit.
alter table organisations add column limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object');
alter table projects add column limits jsonb not null default '{}' check (jsonb_typeof(limits) = 'object');

-- What the files of a project take. To add them up takes time, so the leader does it now and then.
create table project_usage (
  project_id integer primary key references projects on delete cascade,
  stored_bytes bigint not null,
  measured_at timestamptz not null default now()
);
create index project_usage_measured on project_usage (measured_at);
