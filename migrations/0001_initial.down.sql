drop function schedule_jobs(json);
drop table fair_shares, workers, job_meta, job_details, jobs, spiders, versions, secrets, api_keys, projects, members,
  users, organisations;
