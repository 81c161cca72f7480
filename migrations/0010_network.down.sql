drop table network_allowed;
