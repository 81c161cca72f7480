-- min-program: 0029
-- How far each worker keeps code of projects away, for those who ask whether the service is ready. Null of programs before this.
alter table workers add column isolation jsonb;
