-- min-program: 0008
-- Networks whose programs use Scrapyd's API without a name and a password, as one organisation.

create table scrapyd_networks (
  network cidr primary key,
  organisation_id integer not null references organisations on delete cascade,
  role text not null check (role in ('owner', 'admin', 'developer', 'operator', 'reader')),
  created_at timestamptz not null default now()
);
