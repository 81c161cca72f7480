drop function schedule_and_note(json, json);
drop table audit_log;
drop function audit_log_is_final();
