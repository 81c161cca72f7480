alter table users drop column staff;
