-- What the storage API keeps beside jobs and streams.

-- Key-value sets of a project. The same name may exist once for each type.
create table collections (
  id integer generated always as identity primary key,
  project_id integer not null references projects,
  -- s: store, cs: records expire, vs and vcs: the same two under their other names.
  type text not null check (type in ('s', 'cs', 'vs', 'vcs')),
  name text collate "C" not null check (name ~ '^\w+$'),
  created_at timestamptz not null default now(),
  unique (project_id, name, type)
);

-- One record: its raw JSON text without the key. Scans go by key in byte order.
create table collection_records (
  collection_id integer not null references collections on delete cascade,
  key text collate "C" not null,
  value text not null,
  -- When the record was written.
  ts timestamptz not null,
  -- Null: stays for ever.
  expires_at timestamptz,
  primary key (collection_id, key)
);

create index collection_records_expiry on collection_records (collection_id, expires_at)
  where expires_at is not null;

-- Frontier: a slot is a queue of requests beside the set of all fingerprints that it ever saw.
create table frontier_slots (
  id bigint generated always as identity primary key,
  project_id integer not null references projects,
  frontier text collate "C" not null,
  slot text collate "C" not null,
  unique (project_id, frontier, slot)
);

create table frontier_fingerprints (
  slot_id bigint not null references frontier_slots on delete cascade,
  fp text collate "C" not null,
  -- Raw JSON text that came along with the fingerprint.
  fdata text,
  primary key (slot_id, fp)
);

-- Requests are queued, read and deleted in batches; the lowest priority number goes first.
create table frontier_batches (
  slot_id bigint not null references frontier_slots on delete cascade,
  id bigint generated always as identity,
  priority double precision not null,
  -- Number of requests, and their raw JSON text: [["fingerprint", qdata], ...].
  size integer not null,
  requests text not null,
  primary key (slot_id, priority, id)
);

create index frontier_batches_id on frontier_batches (slot_id, id);

-- A trigger, because jobs change hands in many places, and the project is told of each.

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

-- Jobs that only outside workers take.
create index jobs_waiting_outside on jobs (project_id, priority desc, id) where state = 'pending' and external;

-- Notes that people leave on jobs and items.
create table comments (
  id bigint generated always as identity primary key,
  job_id bigint not null references jobs,
  -- Record number of an item; null: the whole job.
  item bigint,
  -- Field of the item; null: the whole item.
  field text,
  text text not null check (text <> ''),
  created_by text not null,
  created_at timestamptz not null default now(),
  archived_by text,
  archived_at timestamptz
);

create index comments_job on comments (job_id, id);

-- Files that crawls report.
create table reports (
  job_id bigint not null references jobs,
  key text not null,
  content_type text not null,
  sha256 text not null,
  size_bytes bigint not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (job_id, key)
);

-- Eggs that a project keeps beside its own versions.
create table project_eggs (
  project_id integer not null references projects,
  name text not null check (name <> ''),
  version text not null,
  sha256 text not null,
  size_bytes bigint not null,
  created_by text not null,
  created_at timestamptz not null default now(),
  primary key (project_id, name)
);

-- Container images that were announced with `shub image deploy`.
create table releases (
  -- Random, because the status is read without credentials.
  id text primary key,
  project_id integer not null references projects,
  version text not null,
  image_url text not null,
  project_type text not null,
  spiders text[] not null default '{}',
  scripts text[] not null default '{}',
  deployed_by text not null,
  created_at timestamptz not null default now()
);
