drop table rule_watches;
