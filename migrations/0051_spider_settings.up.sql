-- min-program: 0029
-- Settings of one spider: its crawls get them above those of the project and below those of a job.
alter table spiders add column settings json not null default '{}';
comment on column variables.spider is 'Number of the spider; 0 for the whole project; -1 for settings of the project that are secret, -2 for its login at a registry, -10 less the number for secret settings of a spider';
