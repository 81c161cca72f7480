-- min-program: 0008
-- People: what each is in an organisation or a project, passwords, sessions, and links that work once.

-- Who was a member before there were roles could do everything, and so could a key of a project, and Scrapyd's users.
alter table members add column role text not null default 'owner'
  check (role in ('owner', 'admin', 'developer', 'operator', 'reader'));
alter table api_keys add column role text not null default 'admin'
  check (role in ('owner', 'admin', 'developer', 'operator', 'reader'));
comment on column api_keys.role is 'What a key of a project is in it; a key of a user is what the user is';
alter table scrapyd_users add column role text not null default 'admin'
  check (role in ('owner', 'admin', 'developer', 'operator', 'reader'));
create index members_user on members (user_id);

-- A project that is shared with somebody, be it a member of its organisation or of another one.
create table project_members (
  project_id integer not null references projects,
  user_id integer not null references users,
  role text not null check (role in ('owner', 'admin', 'developer', 'operator', 'reader')),
  created_at timestamptz not null default now(),
  primary key (project_id, user_id)
);
create index project_members_user on project_members (user_id);

alter table users add column password_hash text;
comment on column users.password_hash is 'scrypt with its parameters; null: nobody signs in with a password';

create table sessions (
  id integer primary key generated always as identity,
  token_hash bytea not null unique,
  user_id integer not null references users,
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  ends_at timestamptz not null,
  address text,
  client text
);
create index sessions_user on sessions (user_id);
create index sessions_ends on sessions (ends_at);

-- Links that one person hands to another: who has the token may use it once.
create table links (
  id integer primary key generated always as identity,
  kind text not null check (kind in ('invitation', 'password', 'sign-in')),
  token_hash bytea not null unique,
  -- Of an invitation: where to, and as what.
  organisation_id integer references organisations,
  project_id integer references projects,
  role text check (role in ('owner', 'admin', 'developer', 'operator', 'reader')),
  -- Of the others: whose password it sets, or who signs in with it.
  user_id integer references users,
  made_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  used_by integer references users,
  check ((kind = 'invitation') = (role is not null)),
  check ((kind = 'invitation') = (organisation_id is not null)),
  check ((kind = 'invitation') = (user_id is null)),
  check (kind = 'invitation' or project_id is null)
);
create index links_organisation on links (organisation_id) where used_at is null;
create index links_user on links (user_id) where used_at is null;
