-- min-program: 0008
-- Behind which place the event log still knows everything: a reader that comes from before it is told so.
create table event_floor (
  singleton boolean primary key default true check (singleton),
  xid xid8 not null,
  id bigint not null
);
insert into event_floor (xid, id) values ('0', 0);
