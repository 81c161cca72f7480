import { Link } from '@tanstack/react-router';
import type { Schedule } from '../../api/schedules.ts';
import type { Column } from '../../ui/data-table.tsx';
import { Ago } from '../../ui/time.tsx';
import { cronWords } from './cron-words.ts';
import { JobLinks } from './job-links.tsx';
import { Outcome, spidersOf } from './outcome.tsx';

interface Acts {
  project: number;
  refusal: string | null;
  pause: (schedule: Schedule) => void;
  run: (schedule: Schedule) => void;
}

/** How it is called: by its description, else by what it says. */
export const nameOf = ({ description, cron }: Pick<Schedule, 'description' | 'cron'>): string =>
  description.trim() || (cronWords(cron) ?? cron);

export function columnsOf(acts: Acts): Column<Schedule>[] {
  const { project } = acts;
  return [
    {
      id: 'name',
      head: 'Periodic job',
      sortBy: nameOf,
      cell: (schedule) => (
        <Link
          to="/p/$project/periodic/$schedule"
          params={{ project, schedule: schedule.id }}
          className="hit strong"
          title={nameOf(schedule)}
        >
          <span className="cut" style={{ maxWidth: 280 }}>
            {nameOf(schedule)}
          </span>
        </Link>
      ),
    },
    {
      id: 'cron',
      head: 'When',
      cell: ({ cron, timezone }) => (
        <span className="row tight" style={{ flexWrap: 'nowrap' }} title={cronWords(cron) ?? undefined}>
          <code>{cron}</code> <span className="dim small">{timezone}</span>
        </span>
      ),
    },
    {
      id: 'spiders',
      head: 'Runs',
      sortBy: spidersOf,
      cell: (schedule) => (
        <span className="cut" style={{ maxWidth: 180, display: 'inline-block' }} title={spidersOf(schedule)}>
          {spidersOf(schedule)}
        </span>
      ),
    },
    {
      id: 'next',
      head: 'Next run',
      isNumber: true,
      sortBy: ({ nextRuns }) => nextRuns[0] ?? '9',
      cell: ({ nextRuns, disabled }) =>
        disabled ? <span className="warned">paused</span> : <Ago at={nextRuns[0]} fallback="never again" />,
    },
    {
      id: 'last',
      head: 'Last planned time',
      isWide: true,
      cell: (schedule) => <LastRun project={project} schedule={schedule} />,
    },
    {
      id: 'by',
      head: 'By',
      sortBy: ({ createdBy }) => createdBy,
      cell: ({ createdBy }) => (
        <span className="cut" style={{ maxWidth: 120, display: 'inline-block' }} title={createdBy}>
          {createdBy}
        </span>
      ),
    },
    { id: 'act', head: '', cell: (schedule) => <ActsOf schedule={schedule} {...acts} /> },
  ];
}

function LastRun({ project, schedule: { lastRun } }: { project: number; schedule: Schedule }) {
  if (!lastRun) return <span className="dim">not yet</span>;
  const { outcome, reason, plannedAt, jobs } = lastRun;
  return (
    <span className="row tight" style={{ flexWrap: 'nowrap' }}>
      <Outcome outcome={outcome} reason={reason} />
      <span className="dim small">
        <Ago at={plannedAt} />
      </span>
      <JobLinks project={project} jobs={jobs.slice(0, 1)} />
      {outcome !== 'scheduled' && reason && (
        <span className="dim small cut" style={{ maxWidth: 220 }} title={reason}>
          {reason}
        </span>
      )}
    </span>
  );
}

function ActsOf({ schedule, refusal, pause, run }: Omit<Acts, 'project'> & { schedule: Schedule }) {
  const { disabled } = schedule;
  const name = nameOf(schedule);
  return (
    <span className="row tight" style={{ flexWrap: 'nowrap', justifyContent: 'flex-end' }}>
      <button
        type="button"
        className="button quiet"
        disabled={refusal !== null || disabled}
        title={refusal ?? (disabled ? 'It is paused' : undefined)}
        aria-label={`Run now: ${name}`}
        onClick={() => run(schedule)}
      >
        Run now
      </button>
      <button
        type="button"
        className="button quiet"
        disabled={refusal !== null}
        title={refusal ?? undefined}
        aria-label={`${disabled ? 'Resume' : 'Pause'}: ${name}`}
        onClick={() => pause(schedule)}
      >
        {disabled ? 'Resume' : 'Pause'}
      </button>
    </span>
  );
}
