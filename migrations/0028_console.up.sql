-- no-transaction
-- min-program: 0008
-- Lists of the web page. On a table of ten million jobs the indexes take a minute or two each and block nobody, since they
-- are made CONCURRENTLY; they are small, for most jobs end well. A try that was interrupted leaves an index that is not
-- valid, which the next one takes away first.
drop index concurrently if exists jobs_failed;
-- The close reasons are those of OK_REASONS and CANCELLED_REASONS in the core, in their order: a statement that asks for
-- failed jobs has to say it in the same words.
create index concurrently jobs_failed on jobs (project_id, state_since desc, id desc)
  where state = 'finished' and close_reason not in ('finished', 'closespider_itemcount', 'closespider_pagecount',
    'closespider_pagecount_no_item', 'closespider_timeout', 'closespider_timeout_no_item', 'cancelled', 'cancel_timeout');

-- Filters of jobs that somebody has saved under a name.
create table if not exists saved_views (
  id integer generated always as identity primary key,
  project_id integer not null references projects on delete cascade,
  user_id integer references users on delete cascade,
  name text not null check (name <> ''),
  q text not null,
  created_by text not null,
  created_at timestamptz not null default now()
);
create unique index if not exists saved_views_name on saved_views (project_id, coalesce(user_id, 0), name);
comment on column saved_views.user_id is 'Whose it is; null: everybody in the project sees it';
comment on column saved_views.q is 'As it was typed';
