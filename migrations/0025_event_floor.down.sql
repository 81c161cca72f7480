drop table event_floor;
