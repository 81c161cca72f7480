-- min-program: 0008
-- Environment variables that every crawl of a project, or of one of its spiders, gets.

create table variables (
  id bigint generated always as identity primary key,
  project_id integer not null references projects (id) on delete cascade,
  -- Number of the spider; 0 for the whole project.
  spider integer not null default 0,
  name text collate "C" not null check (name <> ''),
  -- Of one that is no secret.
  value text,
  -- Of a secret: what the sealing key `key_id` made of it.
  sealed bytea,
  key_id text,
  -- The key that was made for it and that is revoked with it.
  api_key_id integer references api_keys (id) on delete set null,
  changed_at timestamptz not null default now(),
  changed_by text not null,
  unique (project_id, spider, name),
  check ((value is null) <> (sealed is null)),
  check ((sealed is null) = (key_id is null))
);

-- Names the key that secrets are sealed with from now on. Whoever stores a sealed one holds a lock on this row, so that
-- none is stored with an older key once another is named here.
create table sealing_key (
  singleton boolean primary key default true check (singleton),
  key_id text not null
);
