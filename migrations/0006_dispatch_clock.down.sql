drop table dispatch_clock;
