drop function end_attempt(bigint, integer, text, text, bigint, bigint, bigint, bigint, text, boolean);
drop function policy_of(integer, integer);
drop table job_attempts;
alter table jobs drop column wait_until;
alter table spiders drop column policy;
alter table projects drop column policy;
