-- What the migrations make. Written by npm run schema, checked by a test; nothing reads it.

create table api_keys (
  id integer generated identity not null,
  hash bytea not null,
  hint text not null,
  user_id integer,
  project_id integer,
  staff boolean default false not null,
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  role text default 'admin'::text not null,
  name text default ''::text not null,
  actions text[],
  projects integer[],
  networks cidr[],
  expires_at timestamp with time zone,
  made_by text default ''::text not null,
  replaced_by integer,
  last_used_at timestamp with time zone,
  last_address text,
  last_client text
);
alter table api_keys add constraint api_keys_actions_check CHECK ((cardinality(actions) > 0));
alter table api_keys add constraint api_keys_check CHECK (((user_id IS NULL) OR (project_id IS NULL)));
alter table api_keys add constraint api_keys_check1 CHECK (((projects IS NULL) OR (user_id IS NOT NULL)));
alter table api_keys add constraint api_keys_hash_check CHECK ((octet_length(hash) = 32));
alter table api_keys add constraint api_keys_hash_key UNIQUE (hash);
alter table api_keys add constraint api_keys_networks_check CHECK ((cardinality(networks) > 0));
alter table api_keys add constraint api_keys_pkey PRIMARY KEY (id);
alter table api_keys add constraint api_keys_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
alter table api_keys add constraint api_keys_projects_check CHECK ((cardinality(projects) > 0));
alter table api_keys add constraint api_keys_replaced_by_fkey FOREIGN KEY (replaced_by) REFERENCES api_keys(id) ON DELETE SET NULL;
alter table api_keys add constraint api_keys_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'operator'::text, 'reader'::text])));
alter table api_keys add constraint api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX api_keys_project ON api_keys USING btree (project_id) WHERE (project_id IS NOT NULL);
CREATE INDEX api_keys_user ON api_keys USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE OR REPLACE FUNCTION append_to_stream(a_project integer, a_spider integer, a_job integer, a_attempt integer, a_stream text, a_first bigint, exactly boolean, offsets bigint[], counts integer[], raws integer[], crcs bigint[], lengths integer[], deflations boolean[], statistics text[], body bytea)
 RETURNS TABLE(first_no bigint, arrived bigint, bytes_in_tail bigint, pieces_in_tail integer)
 LANGUAGE plpgsql
AS $function$
declare
  h stream_heads;
  start bigint;
  ts bigint;
  pieces integer := cardinality(counts);
begin
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
  if start < h.end_no or exactly and start > h.end_no then return; end if;
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
end $function$;

create type attempt_report (
  close_reason text,
  exit_status text,
  items bigint,
  pages bigint,
  logs bigint,
  errors bigint,
  scrapy_stats text
);

create table audit_log (
  id bigint generated identity not null,
  at timestamp with time zone default now() not null,
  organisation_id integer,
  project_id integer,
  outcome text default 'done'::text not null,
  times integer default 1 not null,
  actor_kind text not null,
  actor text not null,
  user_id integer,
  key_id integer,
  session_id integer,
  address text,
  client text,
  action text not null,
  object text not null,
  before json,
  after json,
  why text
);
alter table audit_log add constraint audit_log_outcome_check CHECK ((outcome = ANY (ARRAY['done'::text, 'refused'::text])));
alter table audit_log add constraint audit_log_pkey PRIMARY KEY (id);
alter table audit_log add constraint audit_log_times_check CHECK ((times > 0));
CREATE INDEX audit_log_at ON audit_log USING btree (at);
CREATE INDEX audit_log_organisation ON audit_log USING btree (organisation_id, id DESC) WHERE (organisation_id IS NOT NULL);
CREATE INDEX audit_log_project ON audit_log USING btree (project_id, id DESC) WHERE (project_id IS NOT NULL);
CREATE TRIGGER audit_log_is_final BEFORE DELETE OR UPDATE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_log_is_final();
CREATE TRIGGER audit_log_is_kept BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_final();

CREATE OR REPLACE FUNCTION audit_log_is_final()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if tg_op = 'DELETE' and current_setting('spiderhub.clears_audit_log', true) = 'on' then
    return old;
  end if;
  raise exception 'lines of the audit log are not changed';
end $function$;

create table blobs (
  sha256 text not null,
  size_bytes bigint not null,
  last_used timestamp with time zone default now() not null
);
alter table blobs add constraint blobs_pkey PRIMARY KEY (sha256);
alter table blobs add constraint blobs_sha256_check CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text));

CREATE OR REPLACE FUNCTION bring_streams_back(a_project integer, a_spider integer, a_job integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
begin
  perform lock_streams_of(a_project, a_spider, a_job);
  if exists (
    select from stream_heads where project_id = a_project and spider = a_spider and job = a_job and aside
  ) then
    delete from stream_heads where project_id = a_project and spider = a_spider and job = a_job and not aside;
    update stream_heads set aside = false
    where project_id = a_project and spider = a_spider and job = a_job and aside;
  end if;
end $function$;

create table collection_records (
  collection_id integer not null,
  key text collate "C" not null,
  value text not null,
  ts timestamp with time zone not null,
  expires_at timestamp with time zone
);
alter table collection_records add constraint collection_records_collection_id_fkey FOREIGN KEY (collection_id) REFERENCES collections(id) ON DELETE CASCADE;
alter table collection_records add constraint collection_records_pkey PRIMARY KEY (collection_id, key);
CREATE INDEX collection_records_expiry ON collection_records USING btree (collection_id, expires_at) WHERE (expires_at IS NOT NULL);

create table collections (
  id integer generated identity not null,
  project_id integer not null,
  type text not null,
  name text collate "C" not null,
  created_at timestamp with time zone default now() not null
);
alter table collections add constraint collections_name_check CHECK ((name ~ '^\w+$'::text));
alter table collections add constraint collections_pkey PRIMARY KEY (id);
alter table collections add constraint collections_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
alter table collections add constraint collections_project_id_name_type_key UNIQUE (project_id, name, type);
alter table collections add constraint collections_type_check CHECK ((type = ANY (ARRAY['s'::text, 'cs'::text, 'vs'::text, 'vcs'::text])));

create table comments (
  id bigint generated identity not null,
  job_id bigint not null,
  item bigint,
  field text,
  text text not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  archived_by text,
  archived_at timestamp with time zone
);
alter table comments add constraint comments_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table comments add constraint comments_pkey PRIMARY KEY (id);
alter table comments add constraint comments_text_check CHECK ((text <> ''::text));
CREATE INDEX comments_job ON comments USING btree (job_id, id);

CREATE OR REPLACE FUNCTION counted_state(state text, external boolean)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case when external and state = 'running' then 'outside' else state end
$function$;

create table dispatch_clock (
  singleton boolean default true not null,
  seen_at timestamp with time zone not null,
  up_since timestamp with time zone not null
);
alter table dispatch_clock add constraint dispatch_clock_pkey PRIMARY KEY (singleton);
alter table dispatch_clock add constraint dispatch_clock_singleton_check CHECK (singleton);

CREATE OR REPLACE FUNCTION end_attempt(of_job bigint, of_attempt integer, report attempt_report, defaults jsonb, lapsed_only boolean)
 RETURNS text
 LANGUAGE plpgsql
AS $function$
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
$function$;

create table event_cursors (
  name text not null,
  cursor text not null
);
alter table event_cursors add constraint event_cursors_pkey PRIMARY KEY (name);

create table event_floor (
  singleton boolean default true not null,
  xid xid8 not null,
  id bigint not null
);
alter table event_floor add constraint event_floor_pkey PRIMARY KEY (singleton);
alter table event_floor add constraint event_floor_singleton_check CHECK (singleton);

create table events (
  project_id integer not null,
  id bigint generated identity not null,
  ts timestamp with time zone default clock_timestamp() not null,
  data text,
  spider integer,
  job integer,
  type text not null,
  actor text,
  xid xid8 default pg_current_xact_id() not null
);
alter table events add constraint events_pkey PRIMARY KEY (project_id, id);
CREATE INDEX events_feed ON events USING btree (xid, id);

create table fair_shares (
  project_id integer not null,
  turn double precision not null
);
alter table fair_shares add constraint fair_shares_pkey PRIMARY KEY (project_id);

CREATE OR REPLACE FUNCTION forget_job_details()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  delete from job_details d using removed r where d.job_id = r.id;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION forget_latest_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  update projects set latest_version = null where id = new.project_id and latest_version is not null;
  return null;
end
$function$;

create table frontier_batches (
  slot_id bigint not null,
  id bigint generated identity not null,
  priority double precision not null,
  size integer not null,
  requests text not null
);
alter table frontier_batches add constraint frontier_batches_pkey PRIMARY KEY (slot_id, priority, id);
alter table frontier_batches add constraint frontier_batches_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES frontier_slots(id) ON DELETE CASCADE;
CREATE INDEX frontier_batches_id ON frontier_batches USING btree (slot_id, id);

create table frontier_fingerprints (
  slot_id bigint not null,
  fp text collate "C" not null,
  fdata text
);
alter table frontier_fingerprints add constraint frontier_fingerprints_pkey PRIMARY KEY (slot_id, fp);
alter table frontier_fingerprints add constraint frontier_fingerprints_slot_id_fkey FOREIGN KEY (slot_id) REFERENCES frontier_slots(id) ON DELETE CASCADE;

create table frontier_slots (
  id bigint generated identity not null,
  project_id integer not null,
  frontier text collate "C" not null,
  slot text collate "C" not null
);
alter table frontier_slots add constraint frontier_slots_pkey PRIMARY KEY (id);
alter table frontier_slots add constraint frontier_slots_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
alter table frontier_slots add constraint frontier_slots_project_id_frontier_slot_key UNIQUE (project_id, frontier, slot);

create table identities (
  issuer text not null,
  subject text not null,
  user_id integer not null,
  created_at timestamp with time zone default now() not null
);
alter table identities add constraint identities_pkey PRIMARY KEY (issuer, subject);
alter table identities add constraint identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX identities_user ON identities USING btree (user_id);

CREATE OR REPLACE FUNCTION is_current_attempt(j jobs, of_attempt integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select j.attempt = of_attempt
$function$;

create table job_attempts (
  job_id bigint not null,
  attempt integer not null,
  worker text,
  started_at timestamp with time zone,
  ended_at timestamp with time zone default now() not null,
  close_reason text not null,
  exit_status text,
  items bigint not null,
  pages bigint not null,
  logs bigint not null,
  errors bigint not null
);
alter table job_attempts add constraint job_attempts_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table job_attempts add constraint job_attempts_pkey PRIMARY KEY (job_id, attempt);

create table job_claims (
  job_id bigint not null,
  tag text not null,
  project_id integer not null,
  worker text not null,
  lease_until timestamp with time zone not null
);
alter table job_claims add constraint job_claims_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table job_claims add constraint job_claims_pkey PRIMARY KEY (job_id, tag);
CREATE INDEX job_claims_worker ON job_claims USING btree (project_id, tag, worker);

create table job_count_changes (
  project_id integer not null,
  spider integer not null,
  state text not null,
  n bigint not null
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
CREATE INDEX job_count_changes_spider ON job_count_changes USING btree (project_id, spider);

create table job_counts (
  project_id integer not null,
  spider integer not null,
  state text not null,
  n bigint not null
) with (fillfactor=50);
alter table job_counts add constraint job_counts_pkey PRIMARY KEY (project_id, spider, state);
CREATE INDEX job_counts_live ON job_counts USING btree (project_id, spider, n) WHERE ((state = ANY (ARRAY['admitted'::text, 'running'::text])) AND (n <> 0));

create table job_details (
  job_id bigint not null,
  args json,
  internal_args json,
  settings text,
  environment json,
  command json,
  request_id text,
  scrapy_stats text,
  meta_aside json
);
alter table job_details add constraint job_details_pkey PRIMARY KEY (job_id);

create table job_meta (
  job_id bigint not null,
  name text not null,
  value text not null
);
alter table job_meta add constraint job_meta_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table job_meta add constraint job_meta_pkey PRIMARY KEY (job_id, name);

create table job_tombstones (
  project_id integer not null,
  spider integer not null,
  number integer not null,
  job_id bigint not null,
  idempotency_key text,
  alias text,
  purged_at timestamp with time zone default now() not null
);
alter table job_tombstones add constraint job_tombstones_check CHECK (((idempotency_key IS NOT NULL) OR (alias IS NOT NULL)));
alter table job_tombstones add constraint job_tombstones_pkey PRIMARY KEY (project_id, spider, number);
CREATE UNIQUE INDEX job_tombstones_alias ON job_tombstones USING btree (project_id, alias) WHERE (alias IS NOT NULL);
CREATE UNIQUE INDEX job_tombstones_idempotency ON job_tombstones USING btree (project_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

create table jobs (
  id bigint generated identity not null,
  project_id integer not null,
  spider integer not null,
  number integer not null,
  state text not null,
  attempt integer default 0 not null,
  priority smallint not null,
  rank double precision default 0 not null,
  units smallint default 1 not null,
  tags text[] default '{}'::text[] not null,
  version text,
  close_reason text,
  exit_status text,
  external boolean default false not null,
  unique_key text,
  idempotency_key text,
  alias text,
  worker text,
  admitted_at timestamp with time zone,
  stop_requested_at timestamp with time zone,
  stop_level smallint default 0 not null,
  wait_until timestamp with time zone,
  state_since timestamp with time zone default now() not null,
  pending_at timestamp with time zone,
  running_at timestamp with time zone,
  finished_at timestamp with time zone,
  deleted_at timestamp with time zone,
  scheduled_by text,
  started_by text,
  completed_by text,
  cancelled_by text,
  deleted_by text,
  items bigint default 0 not null,
  pages bigint default 0 not null,
  logs bigint default 0 not null,
  errors bigint default 0 not null
) with (fillfactor=85, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_insert_scale_factor=0.05, autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_cost_delay=0);
alter table jobs add constraint jobs_alias_check CHECK ((alias <> ''::text));
alter table jobs add constraint jobs_check CHECK (((state <> 'running'::text) OR external OR (worker IS NOT NULL)));
alter table jobs add constraint jobs_check2 CHECK (((state <> 'finished'::text) OR (finished_at IS NOT NULL)));
alter table jobs add constraint jobs_idempotency_key_check CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 255)));
alter table jobs add constraint jobs_pkey PRIMARY KEY (id);
alter table jobs add constraint jobs_priority_check CHECK (((priority >= 0) AND (priority <= 4)));
alter table jobs add constraint jobs_project_id_spider_number_key UNIQUE (project_id, spider, number);
alter table jobs add constraint jobs_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'admitted'::text, 'running'::text, 'finished'::text, 'deleted'::text])));
alter table jobs add constraint jobs_stop_level_check CHECK (((stop_level >= 0) AND (stop_level <= 3)));
CREATE INDEX jobs_admitted ON jobs USING btree (admitted_at) WHERE (state = 'admitted'::text);
CREATE UNIQUE INDEX jobs_alias ON jobs USING btree (project_id, alias) WHERE (alias IS NOT NULL);
CREATE INDEX jobs_deleted ON jobs USING btree (deleted_at) WHERE (state = 'deleted'::text);
CREATE INDEX jobs_failed ON jobs USING btree (project_id, state_since DESC, id DESC) WHERE ((state = 'finished'::text) AND (close_reason <> ALL (ARRAY['finished'::text, 'closespider_itemcount'::text, 'closespider_pagecount'::text, 'closespider_pagecount_no_item'::text, 'closespider_timeout'::text, 'closespider_timeout_no_item'::text, 'cancelled'::text, 'cancel_timeout'::text])));
CREATE UNIQUE INDEX jobs_idempotency ON jobs USING btree (project_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX jobs_list ON jobs USING btree (project_id, state_since DESC, id DESC) WHERE (state <> 'deleted'::text);
CREATE INDEX jobs_list_spider ON jobs USING btree (project_id, spider, state, state_since DESC, id DESC);
CREATE INDEX jobs_list_state ON jobs USING btree (project_id, state, state_since DESC, id DESC);
CREATE INDEX jobs_tags ON jobs USING gin (project_id, tags);
CREATE INDEX jobs_unconsumed ON jobs USING btree (project_id, state_since DESC, id DESC) WHERE ((state = 'finished'::text) AND (NOT (tags @> '{consumed}'::text[])));
CREATE INDEX jobs_unconsumed_spider ON jobs USING btree (project_id, spider, state_since DESC, id DESC) WHERE ((state = 'finished'::text) AND (NOT (tags @> '{consumed}'::text[])));
CREATE UNIQUE INDEX jobs_unique_key ON jobs USING btree (project_id, unique_key) WHERE ((unique_key IS NOT NULL) AND (state = ANY (ARRAY['pending'::text, 'admitted'::text, 'running'::text])));
CREATE INDEX jobs_waiting ON jobs USING btree (project_id, priority DESC, rank DESC, id) WHERE ((state = 'pending'::text) AND (NOT external));
CREATE INDEX jobs_waiting_outside ON jobs USING btree (project_id, priority DESC, id) WHERE ((state = 'pending'::text) AND external);
CREATE TRIGGER jobs_forget_details AFTER DELETE ON jobs REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION forget_job_details();
CREATE TRIGGER jobs_tell_of_added AFTER INSERT ON jobs REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION tell_of_added_jobs();
CREATE TRIGGER jobs_tell_of_changed AFTER UPDATE ON jobs REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tell_of_changed_jobs();
CREATE TRIGGER jobs_tell_of_removed AFTER DELETE ON jobs REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION tell_of_removed_jobs();

create table leader (
  singleton boolean default true not null,
  term bigint not null,
  holder text,
  until timestamp with time zone not null
);
alter table leader add constraint leader_pkey PRIMARY KEY (singleton);
alter table leader add constraint leader_singleton_check CHECK (singleton);

create table leases (
  job_id bigint not null,
  attempt integer not null,
  worker text not null,
  until timestamp with time zone not null,
  items bigint default 0 not null,
  pages bigint default 0 not null,
  logs bigint default 0 not null,
  errors bigint default 0 not null
) with (fillfactor=50, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, autovacuum_vacuum_cost_delay=0);
alter table leases add constraint leases_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table leases add constraint leases_pkey PRIMARY KEY (job_id);

create table links (
  id integer generated identity not null,
  kind text not null,
  token_hash bytea not null,
  organisation_id integer,
  project_id integer,
  role text,
  user_id integer,
  made_by text not null,
  created_at timestamp with time zone default now() not null,
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  used_by integer,
  email text,
  mailed boolean default false not null
);
alter table links add constraint links_check CHECK (((kind = 'invitation'::text) = (role IS NOT NULL)));
alter table links add constraint links_check1 CHECK (((kind = 'invitation'::text) = (organisation_id IS NOT NULL)));
alter table links add constraint links_check2 CHECK (((kind = 'invitation'::text) = (user_id IS NULL)));
alter table links add constraint links_check3 CHECK (((kind = 'invitation'::text) OR (project_id IS NULL)));
alter table links add constraint links_email_check CHECK (
CASE kind
    WHEN 'email'::text THEN (email IS NOT NULL)
    WHEN 'invitation'::text THEN true
    ELSE (email IS NULL)
END);
alter table links add constraint links_kind_check CHECK ((kind = ANY (ARRAY['invitation'::text, 'password'::text, 'sign-in'::text, 'email'::text])));
alter table links add constraint links_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations(id);
alter table links add constraint links_pkey PRIMARY KEY (id);
alter table links add constraint links_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
alter table links add constraint links_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'operator'::text, 'reader'::text])));
alter table links add constraint links_token_hash_key UNIQUE (token_hash);
alter table links add constraint links_used_by_fkey FOREIGN KEY (used_by) REFERENCES users(id);
alter table links add constraint links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX links_email ON links USING btree (lower(email)) WHERE ((used_at IS NULL) AND (email IS NOT NULL));
CREATE INDEX links_organisation ON links USING btree (organisation_id) WHERE (used_at IS NULL);
CREATE INDEX links_user ON links USING btree (user_id) WHERE (used_at IS NULL);

CREATE OR REPLACE FUNCTION lock_streams_of(a_project integer, a_spider integer, a_job integer)
 RETURNS void
 LANGUAGE sql
AS $function$
  select pg_advisory_xact_lock(hashtextextended(format('streams %s/%s/%s', a_project, a_spider, a_job), 0));
$function$;

create table members (
  organisation_id integer not null,
  user_id integer not null,
  created_at timestamp with time zone default now() not null,
  role text default 'owner'::text not null
);
alter table members add constraint members_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations(id);
alter table members add constraint members_pkey PRIMARY KEY (organisation_id, user_id);
alter table members add constraint members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'operator'::text, 'reader'::text])));
alter table members add constraint members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX members_user ON members USING btree (user_id);

create table network_allowed (
  project_id integer not null,
  network cidr not null,
  first_port integer not null,
  last_port integer not null
);
alter table network_allowed add constraint network_allowed_check CHECK (((last_port >= first_port) AND (last_port <= 65535)));
alter table network_allowed add constraint network_allowed_first_port_check CHECK (((first_port >= 1) AND (first_port <= 65535)));
alter table network_allowed add constraint network_allowed_pkey PRIMARY KEY (project_id, network, first_port, last_port);
alter table network_allowed add constraint network_allowed_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;

CREATE OR REPLACE FUNCTION note_stream_garbage()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into stream_garbage (object) select distinct object from gone order by object
  on conflict (object) do update set since = now();
  return null;
end $function$;

create table notices (
  id text not null,
  project_id integer not null,
  user_id integer not null,
  rule_id integer,
  event_id text,
  subject text not null,
  body text not null,
  place text,
  state text default 'waiting'::text not null,
  tries integer default 0 not null,
  created_at timestamp with time zone default now() not null,
  next_at timestamp with time zone default now() not null,
  error text
);
alter table notices add constraint notices_pkey PRIMARY KEY (id);
alter table notices add constraint notices_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
alter table notices add constraint notices_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES rules(id) ON DELETE CASCADE;
alter table notices add constraint notices_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'sent'::text, 'failed'::text])));
alter table notices add constraint notices_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
CREATE INDEX notices_age ON notices USING btree (created_at);
CREATE INDEX notices_due ON notices USING btree (next_at) WHERE (state = 'waiting'::text);
CREATE INDEX notices_project ON notices USING btree (project_id, created_at);
CREATE INDEX notices_rule ON notices USING btree (rule_id) WHERE (rule_id IS NOT NULL);
CREATE INDEX notices_user ON notices USING btree (user_id);

create table organisations (
  id integer generated identity not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  limits jsonb default '{}'::jsonb not null
);
alter table organisations add constraint organisations_limits_check CHECK ((jsonb_typeof(limits) = 'object'::text));
alter table organisations add constraint organisations_name_check CHECK ((name <> ''::text));
alter table organisations add constraint organisations_name_key UNIQUE (name);
alter table organisations add constraint organisations_pkey PRIMARY KEY (id);

create table periodic_active (
  job_id bigint not null,
  periodic_id integer not null,
  task smallint not null
);
alter table periodic_active add constraint periodic_active_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table periodic_active add constraint periodic_active_periodic_id_fkey FOREIGN KEY (periodic_id) REFERENCES periodic_jobs(id) ON DELETE CASCADE;
alter table periodic_active add constraint periodic_active_pkey PRIMARY KEY (job_id);
CREATE INDEX periodic_active_of ON periodic_active USING btree (periodic_id, task);

create table periodic_jobs (
  id integer generated identity not null,
  project_id integer not null,
  cron text not null,
  timezone text not null,
  overlap text not null,
  catchup text not null,
  jitter_seconds integer not null,
  start_at timestamp with time zone,
  end_at timestamp with time zone,
  disabled boolean not null,
  description text not null,
  tags text[] not null,
  tasks text not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  revision integer default 1 not null,
  next_at timestamp(0) with time zone,
  fire_at timestamp(0) with time zone,
  zone_rules text not null,
  failures integer default 0 not null
);
alter table periodic_jobs add constraint periodic_jobs_catchup_check CHECK ((catchup = ANY (ARRAY['skip'::text, 'one'::text, 'all'::text])));
alter table periodic_jobs add constraint periodic_jobs_jitter_seconds_check CHECK (((jitter_seconds >= 0) AND (jitter_seconds <= 3600)));
alter table periodic_jobs add constraint periodic_jobs_overlap_check CHECK ((overlap = ANY (ARRAY['skip'::text, 'allow'::text, 'queue'::text, 'replace'::text])));
alter table periodic_jobs add constraint periodic_jobs_pkey PRIMARY KEY (id);
alter table periodic_jobs add constraint periodic_jobs_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
CREATE INDEX periodic_jobs_due ON periodic_jobs USING btree (fire_at) WHERE ((NOT disabled) AND (fire_at IS NOT NULL));
CREATE INDEX periodic_jobs_project ON periodic_jobs USING btree (project_id, id);

create table periodic_runs (
  periodic_id integer not null,
  planned_at timestamp(0) with time zone not null,
  fired_at timestamp with time zone default now() not null,
  outcome text not null,
  reason text,
  jobs text[] not null
);
alter table periodic_runs add constraint periodic_runs_outcome_check CHECK ((outcome = ANY (ARRAY['scheduled'::text, 'partly'::text, 'overlap'::text, 'missed'::text, 'refused'::text])));
alter table periodic_runs add constraint periodic_runs_periodic_id_fkey FOREIGN KEY (periodic_id) REFERENCES periodic_jobs(id) ON DELETE CASCADE;
alter table periodic_runs add constraint periodic_runs_pkey PRIMARY KEY (periodic_id, planned_at);
CREATE INDEX periodic_runs_fired ON periodic_runs USING btree (fired_at);

CREATE OR REPLACE FUNCTION policy_of(of_project integer, of_spider integer, defaults jsonb)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
AS $function$
  select defaults || p.policy || s.policy
  from projects p join spiders s on s.project_id = p.id
  where p.id = of_project and s.number = of_spider
$function$;

create table project_eggs (
  project_id integer not null,
  name text not null,
  version text not null,
  sha256 text not null,
  size_bytes bigint not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null
);
alter table project_eggs add constraint project_eggs_name_check CHECK ((name <> ''::text));
alter table project_eggs add constraint project_eggs_pkey PRIMARY KEY (project_id, name);
alter table project_eggs add constraint project_eggs_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);

create table project_members (
  project_id integer not null,
  user_id integer not null,
  role text not null,
  created_at timestamp with time zone default now() not null
);
alter table project_members add constraint project_members_pkey PRIMARY KEY (project_id, user_id);
alter table project_members add constraint project_members_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
alter table project_members add constraint project_members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'operator'::text, 'reader'::text])));
alter table project_members add constraint project_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX project_members_user ON project_members USING btree (user_id);

create table project_usage (
  project_id integer not null,
  stored_bytes bigint not null,
  measured_at timestamp with time zone default now() not null
);
alter table project_usage add constraint project_usage_pkey PRIMARY KEY (project_id);
alter table project_usage add constraint project_usage_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
CREATE INDEX project_usage_measured ON project_usage USING btree (measured_at);

create table projects (
  id integer generated identity not null,
  organisation_id integer not null,
  name text not null,
  paused boolean default false not null,
  max_running integer,
  weight real default 1 not null,
  next_spider integer default 1 not null,
  settings json default '{}'::json not null,
  policy jsonb default '{}'::jsonb not null,
  latest_version text,
  created_at timestamp with time zone default now() not null,
  retention jsonb default '{}'::jsonb not null,
  limits jsonb default '{}'::jsonb not null
);
alter table projects add constraint projects_id_check CHECK ((id > 0));
alter table projects add constraint projects_limits_check CHECK ((jsonb_typeof(limits) = 'object'::text));
alter table projects add constraint projects_max_running_check CHECK ((max_running > 0));
alter table projects add constraint projects_name_check CHECK ((name <> ''::text));
alter table projects add constraint projects_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations(id);
alter table projects add constraint projects_organisation_id_name_key UNIQUE (organisation_id, name);
alter table projects add constraint projects_pkey PRIMARY KEY (id);
alter table projects add constraint projects_policy_check CHECK ((jsonb_typeof(policy) = 'object'::text));
alter table projects add constraint projects_retention_check CHECK ((jsonb_typeof(retention) = 'object'::text));
alter table projects add constraint projects_weight_check CHECK ((weight > (0)::double precision));

create table releases (
  id text not null,
  project_id integer not null,
  version text not null,
  image_url text not null,
  project_type text not null,
  spiders text[] default '{}'::text[] not null,
  scripts text[] default '{}'::text[] not null,
  deployed_by text not null,
  created_at timestamp with time zone default now() not null
);
alter table releases add constraint releases_pkey PRIMARY KEY (id);
alter table releases add constraint releases_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);

create table reports (
  job_id bigint not null,
  key text not null,
  content_type text not null,
  sha256 text not null,
  size_bytes bigint not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null
);
alter table reports add constraint reports_job_id_fkey FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE;
alter table reports add constraint reports_pkey PRIMARY KEY (job_id, key);
CREATE INDEX reports_sha256 ON reports USING btree (sha256);

create table rule_firings (
  rule_id integer not null,
  event_id text not null,
  project_id integer not null,
  at timestamp with time zone default now() not null,
  source text,
  outcome text not null,
  reason text,
  job text,
  depth integer default 0 not null
);
alter table rule_firings add constraint rule_firings_outcome_check CHECK ((outcome = ANY (ARRAY['scheduled'::text, 'told'::text, 'held'::text, 'digested'::text, 'refused'::text])));
alter table rule_firings add constraint rule_firings_pkey PRIMARY KEY (rule_id, event_id);
alter table rule_firings add constraint rule_firings_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES rules(id) ON DELETE CASCADE;
CREATE INDEX rule_firings_age ON rule_firings USING btree (at);
CREATE INDEX rule_firings_job ON rule_firings USING btree (project_id, job) WHERE (job IS NOT NULL);
CREATE INDEX rule_firings_of ON rule_firings USING btree (rule_id, at DESC);
CREATE INDEX rule_firings_source ON rule_firings USING btree (project_id, source);

create table rule_watches (
  id bigint generated identity not null,
  rule_id integer not null,
  project_id integer not null,
  spider text not null,
  look_at timestamp with time zone not null,
  looked_at timestamp with time zone default now() not null,
  silent_since timestamp with time zone
);
alter table rule_watches add constraint rule_watches_pkey PRIMARY KEY (id);
alter table rule_watches add constraint rule_watches_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES rules(id) ON DELETE CASCADE;
alter table rule_watches add constraint rule_watches_rule_id_spider_key UNIQUE (rule_id, spider);
CREATE INDEX rule_watches_due ON rule_watches USING btree (look_at);

create table rules (
  id integer generated identity not null,
  project_id integer not null,
  name text not null,
  conditions text not null,
  action text not null,
  disabled boolean not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null
);
alter table rules add constraint rules_pkey PRIMARY KEY (id);
alter table rules add constraint rules_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
CREATE INDEX rules_project ON rules USING btree (project_id, id);

create table saved_views (
  id integer generated identity not null,
  project_id integer not null,
  user_id integer,
  name text not null,
  q text not null,
  created_by text not null,
  created_at timestamp with time zone default now() not null
);
alter table saved_views add constraint saved_views_name_check CHECK ((name <> ''::text));
alter table saved_views add constraint saved_views_pkey PRIMARY KEY (id);
alter table saved_views add constraint saved_views_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
alter table saved_views add constraint saved_views_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE;
CREATE UNIQUE INDEX saved_views_name ON saved_views USING btree (project_id, COALESCE(user_id, 0), name);

CREATE OR REPLACE FUNCTION schedule_and_note(batch json, notes json)
 RETURNS TABLE(ordinal integer, outcome text, id bigint, spider integer, number integer)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
begin
  return query
  with placed as materialized (select * from schedule_jobs(batch)),
  fresh as (
    select p.ordinal, p.spider, p.number from placed p
    -- One look-up for each: a plan that joins would one day read the whole table.
    where p.outcome = 'scheduled' and (select j.id from jobs j where j.id = p.id) is null
  ),
  told as (
    select n.project, n.who, count(*)::int as jobs, min(format('%s/%s/%s', n.project, f.spider, f.number)) as first_one,
      json_agg(format('%s/%s/%s', n.project, f.spider, f.number) order by f.ordinal)
        filter (where f.place <= 100) as keys
    from rows from (json_to_recordset(notes) as (project integer, who jsonb, ordinals integer[])) with ordinality
      as n (project, who, ordinals, place)
    join lateral (
      select fresh.*, row_number() over (order by fresh.ordinal) as place from fresh where fresh.ordinal = any(n.ordinals)
    ) f on true
    group by n.place, n.project, n.who
  ),
  noted as (
    insert into audit_log (organisation_id, project_id, actor_kind, actor, user_id, key_id, session_id, address, client, action,
      object, after)
    select p.organisation_id, t.project, t.who ->> 'kind', t.who ->> 'name', (t.who ->> 'user')::int, (t.who ->> 'key')::int,
      (t.who ->> 'session')::int, t.who ->> 'address', t.who ->> 'client', 'jobs.scheduled',
      case t.jobs when 1 then 'job ' || t.first_one else t.jobs || ' jobs' end, json_build_object('jobs', t.keys)
    from told t join projects p on p.id = t.project
  )
  select p.ordinal, p.outcome, p.id, p.spider, p.number from placed p;
end $function$;

CREATE OR REPLACE FUNCTION schedule_jobs(batch json)
 RETURNS TABLE(ordinal integer, outcome text, id bigint, spider integer, number integer)
 LANGUAGE plpgsql
AS $function$
#variable_conflict use_column
declare
  placed_one record;
  first_one record;
  projects integer[] := '{}';
  aliases text[] := '{}';
  keys text[] := '{}';
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
        b.alias is not null
            and exists (select from job_tombstones t where t.project_id = b.project and t.alias = b.alias)
          or b."idempotencyKey" is not null and exists (select from job_tombstones t
            where t.project_id = b.project and t.idempotency_key = b."idempotencyKey") as taken,
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
      where a.spider_number is not null and not a.taken
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
      p.id, a.spider_number, p.number, p.alias as placed_alias, p."idempotencyKey" as placed_key
    from asked a
    left join placed p on p.ordinal = a.ordinal
  loop
    ordinal := placed_one.ordinal;
    outcome := placed_one.outcome;
    id := placed_one.id;
    spider := placed_one.spider_number;
    number := placed_one.number;
    if placed_one.placed_alias is not null or placed_one.placed_key is not null then
      projects := projects || placed_one.project;
      aliases := aliases || placed_one.placed_alias;
      keys := keys || placed_one.placed_key;
    end if;
    if placed_one.outcome = 'duplicate' and placed_one.idempotency_key is not null then
      -- A statement of its own sees what another call committed meanwhile.
      select j.id, j.spider, j.number into first_one
      from jobs j where j.project_id = placed_one.project and j.idempotency_key = placed_one.idempotency_key
      union all
      select t.job_id, t.spider, t.number
      from job_tombstones t where t.project_id = placed_one.project and t.idempotency_key = placed_one.idempotency_key
      limit 1;
      if found then
        outcome := 'scheduled';
        id := first_one.id;
        spider := first_one.spider;
        number := first_one.number;
      end if;
    end if;
    return next;
  end loop;

  -- A job that was purged in this very moment gave its name free, and its tombstone was not to be seen yet when this
  -- call looked. Now it is: the whole call begins again.
  if projects <> '{}' then
    perform from unnest(projects, aliases, keys) as n (project, alias, key)
    where exists (select from job_tombstones t where t.project_id = n.project and t.alias = n.alias)
      or exists (select from job_tombstones t where t.project_id = n.project and t.idempotency_key = n.key);
    if found then raise exception 'a name of a purged job' using errcode = 'serialization_failure'; end if;
  end if;
end
$function$;

create table scrapyd_networks (
  network cidr not null,
  organisation_id integer not null,
  role text not null,
  created_at timestamp with time zone default now() not null
);
alter table scrapyd_networks add constraint scrapyd_networks_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations(id) ON DELETE CASCADE;
alter table scrapyd_networks add constraint scrapyd_networks_pkey PRIMARY KEY (network);
alter table scrapyd_networks add constraint scrapyd_networks_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'operator'::text, 'reader'::text])));

create table scrapyd_users (
  id integer generated identity not null,
  organisation_id integer not null,
  username text not null,
  password_hash text not null,
  created_at timestamp with time zone default now() not null,
  role text default 'admin'::text not null
);
alter table scrapyd_users add constraint scrapyd_users_organisation_id_fkey FOREIGN KEY (organisation_id) REFERENCES organisations(id);
alter table scrapyd_users add constraint scrapyd_users_pkey PRIMARY KEY (id);
alter table scrapyd_users add constraint scrapyd_users_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'developer'::text, 'operator'::text, 'reader'::text])));
alter table scrapyd_users add constraint scrapyd_users_username_check CHECK (((username <> ''::text) AND (username !~ ':'::text)));
alter table scrapyd_users add constraint scrapyd_users_username_key UNIQUE (username);

create table sealing_key (
  singleton boolean default true not null,
  key_id text not null
);
alter table sealing_key add constraint sealing_key_pkey PRIMARY KEY (singleton);
alter table sealing_key add constraint sealing_key_singleton_check CHECK (singleton);

create table secrets (
  name text not null,
  value text not null
);
alter table secrets add constraint secrets_pkey PRIMARY KEY (name);

create table sessions (
  id integer generated identity not null,
  token_hash bytea not null,
  user_id integer not null,
  created_at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  ends_at timestamp with time zone not null,
  address text,
  client text
);
alter table sessions add constraint sessions_pkey PRIMARY KEY (id);
alter table sessions add constraint sessions_token_hash_key UNIQUE (token_hash);
alter table sessions add constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id);
CREATE INDEX sessions_ends ON sessions USING btree (ends_at);
CREATE INDEX sessions_user ON sessions USING btree (user_id);

CREATE OR REPLACE FUNCTION set_streams_aside(a_project integer, a_spider integer, a_job integer)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
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
end $function$;

create table spiders (
  project_id integer not null,
  number integer not null,
  name text not null,
  next_job integer default 1 not null,
  tags text[] default '{}'::text[] not null,
  max_running integer,
  policy jsonb default '{}'::jsonb not null,
  created_at timestamp with time zone default now() not null,
  retention jsonb default '{}'::jsonb not null,
  listed boolean default true not null,
  settings json default '{}'::json not null
);
alter table spiders add constraint spiders_max_running_check CHECK ((max_running > 0));
alter table spiders add constraint spiders_name_check CHECK ((name <> ''::text));
alter table spiders add constraint spiders_pkey PRIMARY KEY (project_id, number);
alter table spiders add constraint spiders_policy_check CHECK ((jsonb_typeof(policy) = 'object'::text));
alter table spiders add constraint spiders_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
alter table spiders add constraint spiders_project_id_name_key UNIQUE (project_id, name);
alter table spiders add constraint spiders_retention_check CHECK ((jsonb_typeof(retention) = 'object'::text));

create table stream_chunks (
  head_id bigint not null,
  first bigint not null,
  count integer not null,
  raw integer not null,
  crc bigint not null,
  deflated boolean not null,
  arrivals text not null,
  stats text not null,
  bytes bytea not null
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=10000, autovacuum_vacuum_cost_delay=0);
alter table stream_chunks add constraint stream_chunks_head_id_fkey FOREIGN KEY (head_id) REFERENCES stream_heads(id) ON DELETE CASCADE;
alter table stream_chunks add constraint stream_chunks_pkey PRIMARY KEY (head_id, first);

create table stream_extents (
  id bigint generated identity not null,
  head_id bigint not null,
  first bigint not null,
  end_no bigint not null,
  object text not null,
  members text not null
);
alter table stream_extents add constraint stream_extents_head_id_first_key UNIQUE (head_id, first);
alter table stream_extents add constraint stream_extents_head_id_fkey FOREIGN KEY (head_id) REFERENCES stream_heads(id) ON DELETE CASCADE;
alter table stream_extents add constraint stream_extents_pkey PRIMARY KEY (id);
CREATE INDEX stream_extents_object ON stream_extents USING btree (object);
CREATE TRIGGER stream_extents_gone AFTER DELETE ON stream_extents REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_stream_garbage();

create table stream_garbage (
  object text not null,
  since timestamp with time zone default now() not null,
  taken boolean default false not null
);
alter table stream_garbage add constraint stream_garbage_pkey PRIMARY KEY (object);
CREATE INDEX stream_garbage_due ON stream_garbage USING btree (since);

create table stream_heads (
  id bigint generated identity not null,
  project_id integer not null,
  spider integer not null,
  job integer not null,
  attempt integer not null,
  stream text not null,
  aside boolean default false not null,
  end_no bigint default 0 not null,
  members_end bigint default 0 not null,
  last_ts bigint default 0 not null,
  version integer default 0 not null,
  base_stats text,
  tail_bytes bigint default 0 not null,
  tail_pieces integer default 0 not null,
  object_bytes bigint default 0 not null,
  state text default 'open'::text not null,
  ready_at timestamp with time zone
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=5000);
alter table stream_heads add constraint stream_heads_pkey PRIMARY KEY (id);
alter table stream_heads add constraint stream_heads_project_id_spider_job_attempt_stream_aside_key UNIQUE (project_id, spider, job, attempt, stream, aside);
alter table stream_heads add constraint stream_heads_state_check CHECK ((state = ANY (ARRAY['open'::text, 'ready'::text, 'packed'::text])));
alter table stream_heads add constraint stream_heads_stream_check CHECK ((stream = ANY (ARRAY['items'::text, 'logs'::text, 'requests'::text, 'samples'::text])));
CREATE INDEX stream_heads_open ON stream_heads USING btree (id) WHERE (state = 'open'::text);
CREATE INDEX stream_heads_ready ON stream_heads USING btree (project_id, ready_at) WHERE (state = 'ready'::text);

create table streams_to_free (
  project_id integer not null,
  spider integer not null,
  number integer not null,
  free_at timestamp with time zone not null
);
alter table streams_to_free add constraint streams_to_free_pkey PRIMARY KEY (project_id, spider, number);
CREATE INDEX streams_to_free_due ON streams_to_free USING btree (free_at);

CREATE OR REPLACE FUNCTION tell_of_added_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
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
$function$;

CREATE OR REPLACE FUNCTION tell_of_changed_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_nestloop TO 'off'
AS $function$
declare
  -- Of a change of more jobs than this the log tells that there was one, and not each.
  are_many constant boolean := (select count(*) > 1000 from (select from after limit 1001) first_ones);
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
    union all
    select 3, 'job.tagged', null, json_build_object('tags', a.tags)::text
    where a.tags <> b.tags and not are_many
  ) e
  where a.state <> b.state or a.cancelled_by is distinct from b.cancelled_by or a.tags <> b.tags
  order by a.id, e.nth;

  if are_many then
    insert into events (project_id, type, data)
    select a.project_id, 'job.tagged', json_build_object('jobs', count(*))::text
    from after a join before b on b.id = a.id
    where a.tags <> b.tags
    group by a.project_id;
  end if;
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION tell_of_deployed_version()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into events (project_id, type, actor, data)
  values (new.project_id, 'version.deployed', new.deployed_by, json_build_object('version', new.name)::text);
  return null;
end
$function$;

CREATE OR REPLACE FUNCTION tell_of_removed_jobs()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into job_count_changes (project_id, spider, state, n)
  select r.project_id, r.spider, counted_state(r.state, r.external), -count(*) from removed r group by 1, 2, 3;
  return null;
end
$function$;

create table users (
  id integer generated identity not null,
  name text not null,
  created_at timestamp with time zone default now() not null,
  password_hash text,
  email text,
  staff boolean default false not null
);
alter table users add constraint users_email_check CHECK ((email <> ''::text));
alter table users add constraint users_name_check CHECK ((name <> ''::text));
alter table users add constraint users_name_key UNIQUE (name);
alter table users add constraint users_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX users_email ON users USING btree (lower(email));

create table variables (
  id bigint generated identity not null,
  project_id integer not null,
  spider integer default 0 not null,
  name text collate "C" not null,
  value text,
  sealed bytea,
  key_id text,
  api_key_id integer,
  changed_at timestamp with time zone default now() not null,
  changed_by text not null
);
alter table variables add constraint variables_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES api_keys(id) ON DELETE SET NULL;
alter table variables add constraint variables_check CHECK (((value IS NULL) <> (sealed IS NULL)));
alter table variables add constraint variables_check1 CHECK (((sealed IS NULL) = (key_id IS NULL)));
alter table variables add constraint variables_name_check CHECK ((name <> ''::text));
alter table variables add constraint variables_pkey PRIMARY KEY (id);
alter table variables add constraint variables_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
alter table variables add constraint variables_project_id_spider_name_key UNIQUE (project_id, spider, name);

create table versions (
  project_id integer not null,
  name text not null,
  egg_sha256 text not null,
  egg_size_bytes bigint not null,
  extra_eggs text[] default '{}'::text[] not null,
  requirements text,
  stack text,
  settings_module text not null,
  spiders text[] not null,
  scripts text[] default '{}'::text[] not null,
  deployed_by text not null,
  deployed_at timestamp with time zone default clock_timestamp() not null,
  image text
);
alter table versions add constraint versions_check_image CHECK (((image IS NULL) OR (egg_sha256 = ''::text)));
alter table versions add constraint versions_image_check CHECK ((image <> ''::text));
alter table versions add constraint versions_name_check CHECK ((name <> ''::text));
alter table versions add constraint versions_pkey PRIMARY KEY (project_id, name);
alter table versions add constraint versions_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id);
CREATE INDEX versions_newest ON versions USING btree (project_id, deployed_at DESC);
CREATE TRIGGER versions_forget_latest AFTER INSERT OR UPDATE ON versions FOR EACH ROW EXECUTE FUNCTION forget_latest_version();
CREATE TRIGGER versions_tell_of_deployed AFTER INSERT OR UPDATE ON versions FOR EACH ROW EXECUTE FUNCTION tell_of_deployed_version();

create table webhook_deliveries (
  webhook_id integer not null,
  message_id text not null,
  state text default 'waiting'::text not null,
  tries integer default 0 not null,
  created_at timestamp with time zone default now() not null,
  next_at timestamp with time zone default now(),
  lease_until timestamp with time zone,
  tried_at timestamp with time zone,
  status integer,
  error text,
  duration_ms integer,
  answer text
);
alter table webhook_deliveries add constraint webhook_deliveries_message_id_fkey FOREIGN KEY (message_id) REFERENCES webhook_messages(id) ON DELETE CASCADE;
alter table webhook_deliveries add constraint webhook_deliveries_pkey PRIMARY KEY (webhook_id, message_id);
alter table webhook_deliveries add constraint webhook_deliveries_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'failed'::text])));
alter table webhook_deliveries add constraint webhook_deliveries_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries USING btree (webhook_id, next_at) WHERE (state = 'waiting'::text);
CREATE INDEX webhook_deliveries_leased ON webhook_deliveries USING btree (lease_until) WHERE (lease_until IS NOT NULL);
CREATE INDEX webhook_deliveries_log ON webhook_deliveries USING btree (webhook_id, created_at DESC, message_id);
CREATE INDEX webhook_deliveries_message ON webhook_deliveries USING btree (message_id);

create table webhook_messages (
  id text not null,
  project_id integer not null,
  type text not null,
  body text not null,
  created_at timestamp with time zone default now() not null
);
alter table webhook_messages add constraint webhook_messages_pkey PRIMARY KEY (id);
alter table webhook_messages add constraint webhook_messages_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
CREATE INDEX webhook_messages_age ON webhook_messages USING btree (created_at);
CREATE INDEX webhook_messages_project ON webhook_messages USING btree (project_id);

create table webhook_secrets (
  id bigint generated identity not null,
  webhook_id integer not null,
  sealed bytea not null,
  key_id text not null,
  until timestamp with time zone
);
alter table webhook_secrets add constraint webhook_secrets_pkey PRIMARY KEY (id);
alter table webhook_secrets add constraint webhook_secrets_webhook_id_fkey FOREIGN KEY (webhook_id) REFERENCES webhooks(id) ON DELETE CASCADE;
CREATE INDEX webhook_secrets_of ON webhook_secrets USING btree (webhook_id);

create table webhooks (
  id integer generated identity not null,
  project_id integer not null,
  url text not null,
  description text not null,
  types text[] not null,
  spiders text[] not null,
  has_tag text[] not null,
  disabled_at timestamp with time zone,
  disabled_why text,
  failing_since timestamp with time zone,
  created_by text not null,
  created_at timestamp with time zone default now() not null,
  rule_id integer
);
alter table webhooks add constraint webhooks_pkey PRIMARY KEY (id);
alter table webhooks add constraint webhooks_project_id_fkey FOREIGN KEY (project_id) REFERENCES projects(id) ON DELETE CASCADE;
alter table webhooks add constraint webhooks_rule_id_fkey FOREIGN KEY (rule_id) REFERENCES rules(id) ON DELETE CASCADE;
CREATE INDEX webhooks_project ON webhooks USING btree (project_id, id);
CREATE INDEX webhooks_rule ON webhooks USING btree (rule_id) WHERE (rule_id IS NOT NULL);

create table workers (
  id text not null,
  host text not null,
  slots integer not null,
  started_at timestamp with time zone default now() not null,
  seen_at timestamp with time zone default now() not null,
  isolation jsonb
);
alter table workers add constraint workers_pkey PRIMARY KEY (id);
