-- min-program: 0008
-- Who changed what, and who was refused. Lines name what may be gone by now, so nothing here refers to another table.
create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  -- Whose log it is in; null: that of the installation alone.
  organisation_id integer,
  project_id integer,
  outcome text not null default 'done' check (outcome in ('done', 'refused')),
  times integer not null default 1 check (times > 0),
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
create index audit_log_organisation on audit_log (organisation_id, id desc) where organisation_id is not null;
create index audit_log_project on audit_log (project_id, id desc) where project_id is not null;
create index audit_log_at on audit_log (at);

-- Nothing in the product changes a line, by a mistake neither; only who clears old ones away says so.
create function audit_log_is_final() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' and current_setting('spiderhub.clears_audit_log', true) = 'on' then
    return old;
  end if;
  raise exception 'lines of the audit log are not changed';
end $$;
create trigger audit_log_is_final before update or delete on audit_log
  for each row execute function audit_log_is_final();
create trigger audit_log_is_kept before truncate on audit_log
  for each statement execute function audit_log_is_final();

-- Schedules and notes who did, in one statement: there is no job without its line, and a call costs no more round trips.
-- A line tells of all jobs of one caller and project in a batch. What was there before was scheduled by an earlier call: the
-- statement's own snapshot has the old jobs, and not those that it makes.
create function schedule_and_note(batch json, notes json)
returns table (ordinal integer, outcome text, id bigint, spider integer, number integer)
language plpgsql as $$
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
end $$;
