import type { JobRow } from '../../api/jobs.ts';
import { JobLink } from '../../ui/job-link.tsx';
import { JobState } from '../../ui/job-state.tsx';

interface JobLinksProps {
  project: number;
  /** Their keys. */
  jobs: readonly string[];
  /** What is known of them. */
  known?: ReadonlyMap<string, JobRow>;
}

/** Jobs that a planned time started, with how they do. */
export function JobLinks({ project, jobs, known }: JobLinksProps) {
  return jobs.map((key) => {
    const row = known?.get(key);
    return (
      <span key={key} className="row" style={{ flexWrap: 'nowrap' }}>
        <JobLink project={project} jobKey={key} />
        {row && <JobState job={row} />}
      </span>
    );
  });
}
