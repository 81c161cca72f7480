import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Job, JobAddress } from '../../../api/jobs.ts';
import { type Firing, listJobTriggers, listRules } from '../../../api/rules.ts';
import { FiringBadge } from '../../../ui/firing.tsx';
import { JobLink } from '../../../ui/job-link.tsx';

const POLL_MS = 5000;
/** What follows a job's end has followed by then, ms. */
const SETTLED_MS = 10 * 60_000;

/** Which job's end made this one, and what followed its own: nothing where no rule has a hand in it. */
export function Chain({ job, address }: { job: Pick<Job, 'finishedAt'>; address: JobAddress }) {
  const { project } = address;
  const triggers = useQuery({
    queryKey: ['job', project, address.spider, address.job, 'triggers'],
    queryFn: ({ signal }) => listJobTriggers({ params: { ...address } }, { signal }),
    refetchInterval: () =>
      job.finishedAt && Date.now() - Date.parse(job.finishedAt) > SETTLED_MS ? false : POLL_MS,
    retry: false,
  });
  const { madeBy = null, made = [] } = triggers.data ?? {};
  const isThere = madeBy !== null || made.length > 0;
  const rules = useQuery({
    queryKey: ['rules', project],
    queryFn: ({ signal }) => listRules({ params: { project } }, { signal }),
    enabled: isThere,
    retry: false,
  });
  if (!isThere) return null;
  const names = new Map(rules.data?.rules.map(({ id, name }) => [id, name]));
  const rule = ({ rule: id }: Firing) => (
    <Link to="/p/$project/rules/$rule" params={{ project, rule: id }} className="anywhere">
      {names.get(id) ?? `rule ${id}`}
    </Link>
  );
  return (
    <section className="panel" aria-labelledby="chain">
      <div className="title">
        <h2 id="chain">Chain</h2>
        {madeBy && madeBy.depth > 1 && <span className="dim">{madeBy.depth} jobs before it</span>}
      </div>
      <div className="content stack tight">
        {madeBy && (
          <p className="row tight">
            <span className="dim">Triggered by</span>
            {madeBy.source && <JobLink project={project} jobKey={madeBy.source} />}
            <span className="dim">through</span> {rule(madeBy)}
          </p>
        )}
        {made.map((firing) => (
          <div key={`${firing.rule} ${firing.event}`} className="row tight">
            <span className="dim">{firing.job ? 'Triggered' : 'Then'}</span>
            {firing.job ? <JobLink project={project} jobKey={firing.job} /> : <FiringBadge firing={firing} />}
            <span className="dim">through</span> {rule(firing)}
            {firing.reason && <span className="dim small anywhere">{firing.reason}</span>}
          </div>
        ))}
      </div>
    </section>
  );
}
