drop table project_usage;
alter table projects drop column limits;
alter table organisations drop column limits;
