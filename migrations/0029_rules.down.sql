alter table webhooks drop column rule_id;
drop table rule_firings, rules;
