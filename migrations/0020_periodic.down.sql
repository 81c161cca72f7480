drop table periodic_active, periodic_runs, periodic_jobs;
