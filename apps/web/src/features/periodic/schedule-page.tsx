import { useQuery } from '@tanstack/react-query';
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { previewSchedule, type Schedule } from '../../api/schedules.ts';
import { useKeys } from '../../lib/keys.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { nothingBefore } from '../../lib/queries.ts';
import { Confirm } from '../../ui/confirm.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { nameOf } from './columns.tsx';
import { cronWords } from './cron-words.ts';
import { History } from './history.tsx';
import { RunTimes } from './preview.tsx';
import { scheduleQuery, useRemoval, useScheduleActs } from './queries.ts';
import { ScheduleFacts } from './schedule-facts.tsx';

const route = getRouteApi('/inside/p/$project/periodic/$schedule/');
const PREVIEWED = 10;

/** One periodic job: when it runs next, and what became of each planned time. */
export default function SchedulePage() {
  const { project, schedule } = route.useParams();
  const query = useQuery(scheduleQuery(project, schedule));
  if (!query.data) {
    return (
      <Page title={`Periodic job ${schedule}`}>
        <Pending query={query} />
        {query.error && (
          <Link to="/p/$project/periodic" params={{ project }}>
            All periodic jobs
          </Link>
        )}
      </Page>
    );
  }
  return <Whole project={project} schedule={query.data} error={query.error} />;
}

function Whole({ project, schedule, error }: { project: number; schedule: Schedule; error: unknown }) {
  const words = cronWords(schedule.cron);
  return (
    <Page
      title={nameOf(schedule)}
      facts={
        <span className={schedule.disabled ? 'warned' : 'dim'}>
          {schedule.disabled ? 'paused' : schedule.description && words}
        </span>
      }
      actions={<Actions project={project} schedule={schedule} />}
    >
      {error !== null && <ErrorPanel error={error} />}
      <div className="two">
        <section className="panel">
          <div className="title">
            <h2>Plan</h2>
          </div>
          <div className="content">
            <ScheduleFacts project={project} schedule={schedule} />
          </div>
        </section>
        <Ahead project={project} schedule={schedule} />
      </div>
      <History project={project} schedule={schedule} />
    </Page>
  );
}

function Ahead({ project, schedule }: { project: number; schedule: Schedule }) {
  const { id, cron, timezone, startAt, endAt, disabled, nextRuns } = schedule;
  const preview = useQuery({
    // Anew whenever a run has gone by.
    queryKey: ['schedule', project, id, 'preview', cron, timezone, startAt, endAt, nextRuns[0]],
    queryFn: ({ signal }) =>
      previewSchedule(
        { params: { project }, body: { cron, timezone, startAt, endAt, count: PREVIEWED } },
        { signal },
      ),
    enabled: !disabled,
    placeholderData: (before, query) =>
      query?.queryKey[2] === id && query.queryKey[4] === cron ? before : nothingBefore(),
  });
  return (
    <div className="stack tight">
      <h2>Next runs</h2>
      {disabled && (
        <p className="note warn">It is paused: nothing runs, and nothing of this time is made up for.</p>
      )}
      {!disabled && <Pending query={preview} rows={5} />}
      {!disabled && preview.data && preview.data.runs.length === 0 && <p>It never runs again.</p>}
      {!disabled && preview.data && preview.data.runs.length > 0 && (
        <RunTimes runs={preview.data.runs} zone={timezone} />
      )}
    </div>
  );
}

function Actions({ project, schedule }: { project: number; schedule: Schedule }) {
  const { id, disabled } = schedule;
  const navigate = useNavigate();
  const refusal = mayNot(useProject(project)?.role, 'develop');
  const [isAsked, ask] = useState(false);
  const { pausing, running } = useScheduleActs(project);
  const removing = useRemoval(
    project,
    () => void navigate({ to: '/p/$project/periodic', params: { project } }),
  );
  const edit = () =>
    void navigate({ to: '/p/$project/periodic/$schedule/edit', params: { project, schedule: id } });
  useKeys([
    ...(refusal === null ? [{ keys: 'e', what: 'Change it', run: edit }] : []),
    { keys: 'p', what: 'Pause or resume', run: () => refusal === null && pausing.mutate(schedule) },
  ]);
  return (
    <>
      <button
        type="button"
        className="button danger"
        disabled={refusal !== null}
        title={refusal ?? undefined}
        onClick={() => ask(true)}
      >
        Delete
      </button>
      <button
        type="button"
        className="button"
        disabled={refusal !== null || pausing.isPending}
        title={refusal ?? undefined}
        onClick={() => pausing.mutate(schedule)}
      >
        {disabled ? 'Resume' : 'Pause'}
      </button>
      <button
        type="button"
        className="button"
        disabled={refusal !== null}
        title={refusal ?? undefined}
        onClick={edit}
      >
        Change
      </button>
      <button
        type="button"
        className="button primary"
        disabled={refusal !== null || disabled || running.isPending}
        title={refusal ?? (disabled ? 'It is paused' : undefined)}
        onClick={() => running.mutate(schedule)}
      >
        Run now
      </button>
      {isAsked && (
        <Confirm
          title="Delete this periodic job?"
          verb="Delete it"
          isBusy={removing.isPending}
          error={removing.error}
          onClose={() => ask(false)}
          onConfirm={() => removing.mutate(id)}
        >
          <p>
            What became of its planned times goes with it. Jobs that it started stay. To stop it for a while,
            pause it.
          </p>
        </Confirm>
      )}
    </>
  );
}
