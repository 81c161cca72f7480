-- min-program: 0008
-- What is mailed to people about their projects, written in the transaction in which its cause is.
create table notices (
  id text primary key,
  project_id integer not null references projects on delete cascade,
  user_id integer not null references users on delete cascade,
  rule_id integer references rules on delete cascade,
  event_id text,
  subject text not null,
  body text not null,
  place text,
  state text not null default 'waiting' check (state in ('waiting', 'sent', 'failed')),
  tries integer not null default 0,
  created_at timestamptz not null default now(),
  next_at timestamptz not null default now(),
  error text
);
comment on column notices.user_id is 'Its address is looked up when it is sent';
comment on column notices.event_id is 'Of the firing of its rule';
comment on column notices.place is 'Where the page tells more, behind the address of the service';
comment on column notices.tries is 'Counted when it is claimed: names the try';
create index notices_due on notices (next_at) where state = 'waiting';
create index notices_age on notices (created_at);
create index notices_project on notices (project_id, created_at);
create index notices_user on notices (user_id);
create index notices_rule on notices (rule_id) where rule_id is not null;
