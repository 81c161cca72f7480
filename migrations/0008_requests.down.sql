alter table spiders drop column listed;
