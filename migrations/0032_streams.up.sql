-- min-program: 0008
-- Streams where files are objects: the newest records, and which object holds which older ones. Empty where they are
-- files of a disk.
create table stream_heads (
  id bigint generated always as identity primary key,
  project_id integer not null,
  spider integer not null,
  job integer not null,
  attempt integer not null,
  stream text not null check (stream in ('items', 'logs', 'requests', 'samples')),
  aside boolean not null default false,
  end_no bigint not null default 0,
  members_end bigint not null default 0,
  last_ts bigint not null default 0,
  version integer not null default 0,
  base_stats text,
  tail_bytes bigint not null default 0,
  tail_pieces integer not null default 0,
  object_bytes bigint not null default 0,
  -- open: somebody may be writing; ready: nobody is, and the tail waits to be packed; packed: there is no tail.
  state text not null default 'open' check (state in ('open', 'ready', 'packed')),
  ready_at timestamptz,
  unique (project_id, spider, job, attempt, stream, aside)
  -- No column of an index changes with each batch: such updates stay within their page.
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
comment on column stream_heads.end_no is 'Where the next record goes';
comment on column stream_heads.members_end is 'Where the records end that lie in objects';
comment on column stream_heads.last_ts is 'Latest arrival, ms since the epoch';
comment on column stream_heads.version is 'Raised whenever what lies where changes, not by records that are added behind';
comment on column stream_heads.base_stats is 'JSON, kept as text because names in it may be no valid jsonb: stats of what lies in objects';
create index stream_heads_ready on stream_heads (project_id, ready_at) where state = 'ready';
create index stream_heads_open on stream_heads (id) where state = 'open';

create table stream_chunks (
  head_id bigint not null references stream_heads on delete cascade,
  first bigint not null,
  count integer not null,
  raw integer not null,
  crc bigint not null,
  deflated boolean not null,
  arrivals text not null,
  stats text not null,
  bytes bytea not null,
  primary key (head_id, first)
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
-- Deflated already, or too short to be worth it.
alter table stream_chunks alter column bytes set storage external;
comment on column stream_chunks.raw is 'Bytes of the lines before compression';
comment on column stream_chunks.arrivals is 'JSON: first record and ms since the epoch of each batch';

create table stream_extents (
  id bigint generated always as identity primary key,
  head_id bigint not null references stream_heads on delete cascade,
  first bigint not null,
  end_no bigint not null,
  object text not null,
  members text not null,
  unique (head_id, first)
);
comment on column stream_extents.members is 'JSON: first, count, offset, length, raw, crc and arrivals of each';
create index stream_extents_object on stream_extents (object);

create table stream_garbage (
  object text primary key,
  since timestamptz not null default now(),
  -- By who removes it: from then on nothing may name it.
  taken boolean not null default false
);
create index stream_garbage_due on stream_garbage (since);

-- However an extent goes, its object may have lost its last one: who removes garbage looks whether it has.
create function note_stream_garbage() returns trigger language plpgsql as $$
begin
  insert into stream_garbage (object) select distinct object from gone order by object
  on conflict (object) do update set since = now();
  return null;
end $$;
create trigger stream_extents_gone after delete on stream_extents
  referencing old table as gone for each statement execute function note_stream_garbage();

-- Adds pieces behind the end of a stream. `lazily`: the commit of the transaction does not wait for the disk.
-- No row: some of the numbers are taken.
create function append_to_stream(
  a_project integer, a_spider integer, a_job integer, a_attempt integer, a_stream text, a_first bigint, lazily boolean,
  offsets bigint[], counts integer[], raws integer[], crcs bigint[], lengths integer[], deflations boolean[],
  statistics text[], body bytea
) returns table (first_no bigint, arrived bigint, bytes_in_tail bigint, pieces_in_tail integer) language plpgsql as $$
declare
  h stream_heads;
  start bigint;
  ts bigint;
  pieces integer := cardinality(counts);
begin
  if lazily then perform set_config('synchronous_commit', 'off', true); end if;
  loop
    select * into h from stream_heads s
    where s.project_id = a_project and s.spider = a_spider and s.job = a_job and s.attempt = a_attempt
      and s.stream = a_stream and not s.aside
    for update;
    exit when found;
    insert into stream_heads (project_id, spider, job, attempt, stream)
    values (a_project, a_spider, a_job, a_attempt, a_stream) on conflict do nothing;
  end loop;
  start := coalesce(a_first, h.end_no);
  if start < h.end_no then return; end if;
  ts := greatest(floor(extract(epoch from clock_timestamp()) * 1000)::bigint, h.last_ts + 1);
  insert into stream_chunks (head_id, first, count, raw, crc, deflated, arrivals, stats, bytes)
  select h.id, start + p.at, p.count, p.raw, p.crc, p.deflated, format('[[%s,%s]]', start + p.at, ts), p.stats,
    substring(body from (p.upto - p.length + 1)::integer for p.length)
  from (
    select u.*, sum(u.length) over (order by u.at) as upto
    from unnest(offsets, counts, raws, crcs, lengths, deflations, statistics)
      as u (at, count, raw, crc, length, deflated, stats)
  ) p;
  update stream_heads s set
    end_no = start + offsets[pieces] + counts[pieces],
    last_ts = ts,
    tail_bytes = s.tail_bytes + octet_length(body),
    tail_pieces = s.tail_pieces + pieces,
    state = 'open', ready_at = null
  where s.id = h.id
  returning s.tail_bytes, s.tail_pieces into bytes_in_tail, pieces_in_tail;
  first_no := start;
  arrived := ts;
  return next;
end $$;

-- One change of a whole job at a time; the transaction ends it.
create function lock_streams_of(a_project integer, a_spider integer, a_job integer) returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended(format('streams %s/%s/%s', a_project, a_spider, a_job), 0));
$$;

-- What came after it was set aside before is late.
create function set_streams_aside(a_project integer, a_spider integer, a_job integer) returns void language plpgsql as $$
begin
  perform lock_streams_of(a_project, a_spider, a_job);
  if exists (
    select from stream_heads where project_id = a_project and spider = a_spider and job = a_job and aside
  ) then
    delete from stream_heads where project_id = a_project and spider = a_spider and job = a_job and not aside;
  else
    update stream_heads set aside = true
    where project_id = a_project and spider = a_spider and job = a_job and not aside;
  end if;
end $$;

create function bring_streams_back(a_project integer, a_spider integer, a_job integer) returns void language plpgsql as $$
begin
  perform lock_streams_of(a_project, a_spider, a_job);
  if exists (
    select from stream_heads where project_id = a_project and spider = a_spider and job = a_job and aside
  ) then
    delete from stream_heads where project_id = a_project and spider = a_spider and job = a_job and not aside;
    update stream_heads set aside = false
    where project_id = a_project and spider = a_spider and job = a_job and aside;
  end if;
end $$;
