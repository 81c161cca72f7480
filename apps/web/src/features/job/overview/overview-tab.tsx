import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Job, readCoverage, readErrors } from '../../../api/jobs.ts';
import { count, duration, percent, plural } from '../../../lib/format.ts';
import { isolated } from '../../../lib/isolated.ts';
import { useWhileItComesOn } from '../../../lib/live/follow.ts';
import { CommandLine } from '../../../ui/command-line.tsx';
import { Pending } from '../../../ui/feedback.tsx';
import { At } from '../../../ui/time.tsx';
import type { TabProps } from '../job-page.tsx';
import { Chain } from './chain.tsx';

export default function OverviewTab({ job, address }: TabProps) {
  return (
    <div className="columns">
      <section className="panel">
        <div className="title">
          <h2>What became of it</h2>
        </div>
        <div className="content stack">
          <p>{sentence(job)}</p>
          <TimeLine job={job} />
        </div>
      </section>
      <section className="panel">
        <div className="title">
          <h2>Arguments</h2>
        </div>
        <div className="content">
          {job.args.length === 0 && <p className="dim">It was started without arguments.</p>}
          <dl className="facts">
            {job.args.map(({ name, value }) => (
              <div key={name} className="fact">
                <dt className="mono">{name}</dt>
                <dd className="mono">{value}</dd>
              </div>
            ))}
          </dl>
        </div>
      </section>
      <Chain job={job} address={address} />
      <Errors job={job} address={address} />
      <Coverage job={job} address={address} />
      <section className="panel">
        <div className="title">
          <h2>From a script</h2>
        </div>
        <div className="content">
          <CommandLine
            text={`curl -u APIKEY: "${location.origin}/api/items.json?project=${address.project}&job=${job.key}"`}
          />
        </div>
      </section>
    </div>
  );
}

/** The outcome as one would say it. */
function sentence(job: Job): string {
  const { state, outcome, closeReason, runningAt, finishedAt, attempts, waiting } = job;
  const tries = attempts.length > 1 ? `, after ${attempts.length} attempts` : '';
  if (state === 'pending') return waiting ? `It waits: ${waiting.words}.` : 'It waits for its turn.';
  if (state === 'running')
    return `It runs, and has brought home ${plural(job.items, 'item')} by now${tries}.`;
  if (state === 'deleted') return 'It is deleted.';
  const time =
    runningAt && finishedAt ? ` after ${duration(Date.parse(finishedAt) - Date.parse(runningAt))}` : '';
  const how = { ok: 'It finished', failed: 'It failed', cancelled: 'It was cancelled' }[outcome ?? 'ok'];
  const why = closeReason && closeReason !== 'finished' ? ` (${isolated(closeReason)})` : '';
  return `${how}${why}${time}, with ${plural(job.items, 'item')} from ${plural(job.pages, 'page')}${tries}.`;
}

function TimeLine({ job }: { job: Job }) {
  const points: [string, string | null, string | null][] = [
    ['scheduled', job.pendingAt, job.scheduledBy],
    ['started', job.runningAt, job.startedBy],
    ['ended', job.finishedAt, job.cancelledBy ?? job.completedBy],
  ];
  return (
    <ol className="timeline">
      {points.map(([what, at, by]) => (
        <li key={what} className={at ? 'reached' : undefined}>
          <span className="strong">{what}</span> <At at={at} /> {by && <span className="dim">by {by}</span>}
        </li>
      ))}
    </ol>
  );
}

type Part = Pick<TabProps, 'job' | 'address'>;

function Errors({ job, address }: Part) {
  const errors = useQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'errors', job.errors],
    queryFn: () => readErrors({ params: { ...address } }),
    enabled: job.errors > 0,
  });
  const params = { project: address.project, spider: String(address.spider), job: address.job };
  const groups = errors.data?.groups ?? [];
  return (
    <section className="panel">
      <div className="title">
        <h2>Errors</h2>
        <span className="dim">{job.errors > 0 && count(job.errors)}</span>
      </div>
      <div className="content stack">
        {job.errors === 0 && <p className="dim">None.</p>}
        {job.errors > 0 && <Pending query={errors} rows={3} />}
        {groups.map(({ shape, count: times, first, example }) => (
          <div key={shape} className="stack tight">
            <div className="row" style={{ flexWrap: 'nowrap' }}>
              <strong className="bad number">{count(times)}×</strong>
              <span className="mono cut grow" title={example}>
                {shape}
              </span>
              <Link
                to="/p/$project/$spider/$job"
                params={params}
                search={{ tab: 'log', line: first, level: 40 }}
                className="hit"
              >
                first
              </Link>
            </div>
          </div>
        ))}
        {errors.data?.isPartial && <p className="dim small">The log is long: not all of it was looked at.</p>}
      </div>
    </section>
  );
}

const MAX_FIELDS = 8;
const EVERY_MS = 2000;

function Coverage({ job, address }: Part) {
  const coverage = useQuery({
    queryKey: ['job', address.project, address.spider, address.job, 'coverage', job.state],
    queryFn: () => readCoverage({ params: { ...address } }),
    enabled: job.items > 0,
  });
  useWhileItComesOn(job.key, coverage.refetch, EVERY_MS);
  const fields = coverage.data?.fields ?? [];
  const odd = fields.filter(({ share, usual }) => usual !== null && Math.abs(share - usual) > 0.05);
  const shown = odd.length > 0 ? odd : fields;
  const params = { project: address.project, spider: String(address.spider), job: address.job };
  return (
    <section className="panel">
      <div className="title">
        <h2>Fields of items</h2>
        <span className="dim">{odd.length > 0 && `${odd.length} not as usual`}</span>
        <Link to="/p/$project/$spider/$job" params={params} search={{ tab: 'items' }} className="push">
          Items
        </Link>
      </div>
      <div className="content stack tight">
        {job.items === 0 && <p className="dim">No items.</p>}
        {shown.slice(0, MAX_FIELDS).map(({ name, share, usual }) => (
          <div key={name} className="coverage">
            <span className="mono cut" title={name}>
              {name}
            </span>
            <span className="bar" aria-hidden="true">
              <span style={{ width: `${share * 100}%` }} />
            </span>
            <span className="number">{percent(share)}</span>
            <span className="small dim">{usual !== null && `usually ${percent(usual)}`}</span>
          </div>
        ))}
        {shown.length > MAX_FIELDS && <p className="dim small">{shown.length - MAX_FIELDS} more</p>}
      </div>
    </section>
  );
}
