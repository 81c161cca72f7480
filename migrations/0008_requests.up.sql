-- A name that came with a job alone is no spider of the project's lists. Those of before are kept there: nobody can tell
-- them from spiders that were asked for.
alter table spiders add column listed boolean not null default true;
comment on column spiders.listed is 'Deployed, or made on purpose; not only the name in a job that was pushed';
