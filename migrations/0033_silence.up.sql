-- min-program: 0008
-- What rules watch for that it runs, and when somebody looks whether it did.
create table rule_watches (
  id bigint generated always as identity primary key,
  rule_id integer not null references rules on delete cascade,
  project_id integer not null,
  spider text not null,
  look_at timestamptz not null,
  looked_at timestamptz not null default now(),
  silent_since timestamptz,
  unique (rule_id, spider)
);
comment on table rule_watches is 'Rules that are disabled have none';
comment on column rule_watches.spider is 'Empty: the whole project, or the periodic job that the rule names';
comment on column rule_watches.look_at is 'Before this it cannot have been silent for long enough';
comment on column rule_watches.silent_since is 'When its silence was told; null when it is not silent';
create index rule_watches_due on rule_watches (look_at);
