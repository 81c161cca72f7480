import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type Band, type Job, type JobAddress, tagJob } from '../../api/jobs.ts';
import { count, duration, shortCount } from '../../lib/format.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { JobState } from '../../ui/job-state.tsx';
import { EditableTags } from '../../ui/tags.tsx';
import { Ago, Lasting, useNow } from '../../ui/time.tsx';
import { toastError } from '../../ui/toasts.tsx';

const NAME = { maxWidth: 240 };

/** Beside the title: what it is and since when. */
export function JobFacts({ job, project }: { job: Job; project: number }) {
  return (
    <div className="row">
      <JobState job={job} />
      {job.runningAt && (
        <span className="number">
          <Lasting from={job.runningAt} to={job.finishedAt} />
        </span>
      )}
      {job.place !== null && <span className="dim">place {count(job.place)} of the queue</span>}
      {job.attempt > 1 && <span className="dim">attempt {job.attempt}</span>}
      {job.version && (
        <Link to="/p/$project/code" params={{ project }} className="dim cut" style={NAME} title={job.version}>
          {job.version}
        </Link>
      )}
      {job.scheduledBy && (
        <span className="dim cut" style={NAME} title={job.scheduledBy}>
          by {job.scheduledBy}
        </span>
      )}
      <span className="dim">
        <Ago at={job.stateSince} />
      </span>
    </div>
  );
}

/** What it brought home, each beside what is usual. */
export function JobFigures({ job, address }: { job: Job; address: JobAddress }) {
  const isOver = job.state === 'finished';
  const seconds = useSeconds(job);
  const rate = seconds && seconds >= 1 ? Math.round((job.items / seconds) * 60) : null;
  return (
    <>
      <div className="figures">
        <Figure name="items" value={job.items} band={job.usual.items} isOver={isOver} />
        <Figure name="pages" value={job.pages} band={job.usual.pages} isOver={isOver} />
        <Figure name="errors" value={job.errors} band={job.usual.errors} isOver={isOver} />
        <Figure
          name="run time"
          value={seconds}
          band={job.usual.seconds}
          isOver={isOver}
          words={(value) => duration(value * 1000)}
        />
        <div className="figure">
          <span className="value">{rate === null ? '–' : count(rate)}</span>
          <span className="name">items a minute</span>
        </div>
      </div>
      <JobTags job={job} address={address} />
    </>
  );
}

function useSeconds({ runningAt, finishedAt, state }: Job): number | null {
  const now = useNow(state === 'running');
  if (runningAt === null) return null;
  return ((finishedAt === null ? now : Date.parse(finishedAt)) - Date.parse(runningAt)) / 1000;
}

interface FigureProps {
  name: string;
  value: number | null;
  band: Band | null;
  isOver: boolean;
  words?: (value: number) => string;
}

function Figure({ name, value, band, isOver, words = count }: FigureProps) {
  const isOutside = isOver && band !== null && value !== null && (value < band.low || value > band.high);
  const short = (each: number) => (words === count ? shortCount(Math.round(each)) : words(each));
  const usual =
    band && (band.low === band.high ? short(band.low) : `${short(band.low)} – ${short(band.high)}`);
  return (
    <div className="figure">
      <span className={isOutside ? 'value warned' : 'value'}>{value === null ? '–' : words(value)}</span>
      <span className="name">
        {name}
        {usual && ` · usually ${usual}`}
      </span>
    </div>
  );
}

function JobTags({ job, address }: { job: Job; address: JobAddress }) {
  const client = useQueryClient();
  const role = useProject(address.project)?.role;
  const tagging = useMutation({
    mutationFn: (body: { add?: string[]; remove?: string[] }) => tagJob({ params: { ...address }, body }),
    onSuccess: () =>
      client.invalidateQueries({ queryKey: ['job', address.project, address.spider, address.job] }),
    onError: toastError,
  });
  return (
    <EditableTags
      tags={job.tags}
      refusal={mayNot(role, 'run')}
      onAdd={(tag) => tagging.mutate({ add: [tag] })}
      onRemove={(tag) => tagging.mutate({ remove: [tag] })}
    />
  );
}
