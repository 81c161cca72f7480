-- no-transaction
drop table if exists saved_views;
drop index concurrently if exists jobs_failed;
