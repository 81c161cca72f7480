-- One row: since when leases could be prolonged without a break, as far as the leader saw it. Leases lapse for everyone
-- while the database is away, recovers or refuses connections; nobody's attempt is to be called lost for that.
create table dispatch_clock (
  singleton boolean primary key default true check (singleton),
  seen_at timestamptz not null,
  up_since timestamptz not null
);
