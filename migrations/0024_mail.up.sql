-- min-program: 0008
-- Addresses that people have shown to be theirs, and who they are at an OpenID provider.

alter table users add column email text check (email <> '');
comment on column users.email is 'An address whose mail the user gets: it was shown, by a link that was sent there or by a provider';
create unique index users_email on users (lower(email));

-- A link may be for somebody with this address; `mailed`: it went there and nowhere else.
alter table links add column email text;
alter table links add column mailed boolean not null default false;
alter table links drop constraint links_kind_check;
alter table links add constraint links_kind_check
  check (kind in ('invitation', 'password', 'sign-in', 'email'));
alter table links add constraint links_email_check
  check (case kind when 'email' then email is not null when 'invitation' then true else email is null end);
create index links_email on links (lower(email)) where used_at is null and email is not null;

create table identities (
  issuer text not null,
  -- How the issuer names somebody, for ever.
  subject text not null,
  user_id integer not null references users,
  created_at timestamptz not null default now(),
  primary key (issuer, subject)
);
create index identities_user on identities (user_id);

comment on column variables.spider is 'Number of the spider; 0 for the whole project; -1 for settings of the project that are secret';
