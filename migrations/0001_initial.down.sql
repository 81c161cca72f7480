drop function end_attempt(bigint, integer, text, text, bigint, bigint, bigint, bigint, text, boolean);
drop function policy_of(integer, integer);
drop function schedule_jobs(json);
drop table activity, dispatch_clock, fair_shares, workers, job_claims, job_attempts, job_meta, job_details, jobs, spiders, versions,
  secrets, scrapyd_users, api_keys, projects, members, users, organisations;
drop function forget_latest_version();
