drop table scrapyd_networks;
