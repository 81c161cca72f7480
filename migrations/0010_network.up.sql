-- min-program: 0008
-- What the crawls of a project may reach beside public addresses. An operator says so, never a tenant.
create table network_allowed (
  project_id integer not null references projects on delete cascade,
  network cidr not null,
  first_port integer not null check (first_port between 1 and 65535),
  last_port integer not null check (last_port between first_port and 65535),
  primary key (project_id, network, first_port, last_port)
);
