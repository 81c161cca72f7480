comment on column variables.spider is 'Number of the spider; 0 for the whole project; -1 for settings of the project that are secret';
delete from variables where spider <= -10;
alter table spiders drop column settings;
