-- min-program: 0029
-- Users of the staff: while they are signed in they may do what staff may. Only the admin command says who is.
alter table users add column staff boolean not null default false;
