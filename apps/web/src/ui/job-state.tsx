import type { Band, JobRow } from '../api/jobs.ts';
import { count } from '../lib/format.ts';
import { StateBadge, type StateWord } from './states.tsx';

type Ended = Pick<JobRow, 'state' | 'outcome'>;

/** How people call what became of a job. */
export function wordOf({ state, outcome }: Ended, waiting?: JobRow['waiting']): StateWord {
  if (state === 'pending') return waiting?.reason === 'retry' ? 'retrying' : 'pending';
  if (state !== 'finished') return state;
  return outcome === 'failed' ? 'failed' : outcome === 'cancelled' ? 'cancelled' : 'finished';
}

/** What Scrapy's words for an end mean. */
const REASONS: Record<string, string> = {
  finished: 'It did everything that it had to do',
  cancelled: 'Somebody stopped it',
  failed: 'It ended without a word: see its log',
  shutdown: 'It was asked to end before it was done',
  memusage_exceeded: 'It needed more memory than it may have',
  no_reason: 'It does not say why it ended',
};

/** State, and in small why it waits or how it ended. */
export function JobState({
  job,
}: {
  job: Pick<JobRow, 'state' | 'outcome' | 'closeReason' | 'waiting' | 'stopRequested'>;
}) {
  const word = wordOf(job, job.waiting);
  const more =
    job.waiting?.words ??
    (job.state === 'running' && job.stopRequested ? 'stopping' : null) ??
    (job.closeReason === word ? null : job.closeReason);
  const title = (job.closeReason && REASONS[job.closeReason]) ?? job.waiting?.words;
  return (
    <span className="row tight" style={{ flexWrap: 'nowrap' }}>
      <StateBadge state={word} title={title ?? undefined} />
      {more && (
        <span className="dim small cut" style={{ maxWidth: 180 }}>
          {more}
        </span>
      )}
    </span>
  );
}

/** A number beside what is usual: marked when it is outside of that. */
export function Usual({ value, band, isOver }: { value: number; band: Band | null; isOver: boolean }) {
  const mark =
    !band || !isOver || (value >= band.low && value <= band.high) ? null : value < band.low ? '↓' : '↑';
  if (!band || mark === null) return <>{count(value)}</>;
  const words = `usually ${count(Math.round(band.median))}`;
  return (
    <span className="warned" title={`${words}, in the last ${band.runs} good runs`}>
      {count(value)} <span aria-hidden="true">{mark}</span>
      <span className="hidden-text">{words}</span>
    </span>
  );
}
