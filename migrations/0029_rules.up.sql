-- min-program: 0008
-- Rules: what follows when jobs end as they say, and what came of it each time.
create table rules (
  id integer generated always as identity primary key,
  project_id integer not null references projects on delete cascade,
  name text not null,
  conditions text not null,
  action text not null,
  disabled boolean not null,
  created_by text not null,
  created_at timestamptz not null default now()
);
comment on column rules.conditions is 'JSON: which events are meant';
comment on column rules.action is 'JSON: what follows';
create index rules_project on rules (project_id, id);

create table rule_firings (
  rule_id integer not null references rules on delete cascade,
  event_id text not null,
  project_id integer not null,
  at timestamptz not null default now(),
  source text,
  outcome text not null check (outcome in ('scheduled', 'told', 'held', 'digested', 'refused')),
  reason text,
  job text,
  depth integer not null default 0,
  primary key (rule_id, event_id)
);
comment on column rule_firings.source is 'Key of the job whose end it was';
comment on column rule_firings.job is 'Key of the job that was made';
comment on column rule_firings.depth is 'How many jobs before that one were made by rules, one because of the other';
create index rule_firings_of on rule_firings (rule_id, at desc);
create index rule_firings_source on rule_firings (project_id, source);
create index rule_firings_job on rule_firings (project_id, job) where job is not null;
create index rule_firings_age on rule_firings (at);

alter table webhooks add column rule_id integer references rules on delete cascade;
comment on column webhooks.rule_id is 'The rule whose messages alone it gets; it is in no list, and has no secret';
create index webhooks_rule on webhooks (rule_id) where rule_id is not null;
