import { Link } from '@tanstack/react-router';
import { addressOfKey, shortKey } from '../api/jobs.ts';

/** A job by its key, as people say it within its project. */
export function JobLink({ project, jobKey }: { project: number; jobKey: string }) {
  const { spider, job } = addressOfKey(jobKey);
  return (
    <Link
      to="/p/$project/$spider/$job"
      params={{ project, spider: String(spider), job }}
      className="hit mono"
    >
      {shortKey(jobKey)}
    </Link>
  );
}
