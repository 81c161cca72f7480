drop table links;
drop table sessions;
alter table users drop column password_hash;
drop table project_members;
drop index members_user;
alter table scrapyd_users drop column role;
alter table api_keys drop column role;
alter table members drop column role;
