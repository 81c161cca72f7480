alter table workers drop column isolation;
