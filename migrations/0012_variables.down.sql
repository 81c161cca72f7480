drop table variables;
drop table sealing_key;
