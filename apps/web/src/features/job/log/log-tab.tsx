import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { type JobAddress, readLogs } from '../../../api/jobs.ts';
import { useKeys } from '../../../lib/keys.ts';
import { useWhileItComesOn } from '../../../lib/live/follow.ts';
import { usePollWithoutStream } from '../../../lib/live/liveness.ts';
import { useTail } from '../../../lib/live/tails.ts';
import { Empty, Pending } from '../../../ui/feedback.tsx';
import type { TabProps } from '../job-page.tsx';
import type { JobSearch } from '../search.ts';
import type { TimeStyle } from './levels.ts';
import { LogFound } from './log-found.tsx';
import { LogTools } from './log-tools.tsx';
import { LogWhole } from './log-whole.tsx';
import { RecordPane } from './record-pane.tsx';

const route = getRouteApi('/inside/p/$project/$spider/$job');
/** How often levels are counted anew while lines come, ms. */
const EVERY_MS = 2000;
const ERROR = 40;

/** The log of a job: all of it by record number, or what a level and a text leave of it. */
export default function LogTab({ job, address, attempt }: TabProps) {
  const { line, level = 0, find = '' } = route.useSearch();
  const navigate = useNavigate();
  const isRunning = job.state === 'running' && attempt === undefined;
  const [follows, follow] = useState(isRunning && line === undefined);
  const [times, setTimes] = useState<TimeStyle>('clock');
  const [opened, open] = useState<number | null>(null);
  const key = ['log', address.project, address.spider, address.job, attempt ?? job.attempt] as const;
  const { ends, told } = useEnds({ job, address, attempt }, key);
  const begin = useBegin({ job, address, attempt }, key, line);
  function go(change: JobSearch) {
    void navigate({
      to: '/p/$project/$spider/$job',
      params: { project: address.project, spider: String(address.spider), job: address.job },
      search: (before: JobSearch) => ({ ...before, tab: 'log' as const, ...change }),
      replace: true,
    });
  }
  async function firstError() {
    const n = await findError(address, attempt);
    if (n !== undefined) go({ line: n, level: undefined, find: undefined });
    follow(false);
  }
  const follower = { keys: 'f', what: 'Follow the log', run: () => follow(!follows) };
  useKeys([
    ...(isRunning ? [follower] : []),
    { keys: 'e', what: 'First error', run: () => void firstError() },
  ]);
  if (!ends.data || begin.isLoading) return <Pending query={ends} />;
  const { levels } = ends.data;
  const end = Math.max(ends.data.end, told);
  if (end === 0) return <NoLog isRunning={isRunning} />;
  const stream = { address, attempt, queryKey: key, startedAt: job.runningAt };
  const isFiltered = level > 0 || find !== '';
  return (
    <div className="stack tight">
      <LogTools
        levels={levels}
        end={end}
        level={level}
        find={find}
        times={times}
        follows={follows}
        isGrowing={isRunning}
        canFollow={!isFiltered}
        address={address}
        onLevel={(next) => go({ level: next || undefined, line: undefined })}
        onFind={(next) => go({ find: next || undefined, line: undefined })}
        onTimes={setTimes}
        onFollow={follow}
        onFirstError={() => void firstError()}
      />
      {isFiltered ? (
        <LogFound
          stream={stream}
          level={level}
          find={find}
          times={times}
          onWhole={(n) => go({ line: n, level: undefined, find: undefined })}
          onOpen={open}
        />
      ) : (
        <LogWhole
          stream={stream}
          end={end}
          times={times}
          line={line ?? null}
          startsAt={begin.data ?? (isOverBadly(job) ? end - 1 : null)}
          follows={follows}
          onFollow={follow}
          onLine={(n) => go({ line: n })}
          onOpen={open}
        />
      )}
      {opened !== null && <RecordPane stream={stream} n={opened} onClose={() => open(null)} />}
    </div>
  );
}

/** How many lines there are, and of which levels: read now and then, and told by the stream as they come. */
function useEnds({ job, address, attempt }: TabProps, key: readonly unknown[]) {
  const poll = usePollWithoutStream(EVERY_MS);
  const ends = useQuery({
    // What came between the last look and its end belongs to it, too.
    queryKey: [...key, 'end', job.state],
    queryFn: ({ signal }) =>
      readLogs({ params: { ...address }, query: { back: 'true', limit: 1, ...tryOf(attempt) } }, { signal }),
    refetchInterval: job.state === 'running' && attempt === undefined ? poll : false,
  });
  useWhileItComesOn(job.key, ends.refetch, EVERY_MS);
  return { ends, told: useTail(job.key, 'logs', attempt ?? job.attempt) };
}

const isOverBadly = ({ state, outcome }: TabProps['job']) => state === 'finished' && outcome !== 'ok';

/**
 * A job that failed is looked at from its first error, when a single call finds it, else from its end. Which of them is settled when
 * the log is opened: what somebody reads does not move away when the job ends.
 */
function useBegin({ job, address, attempt }: TabProps, key: readonly unknown[], line: number | undefined) {
  const [hasFailed] = useState(line === undefined && isOverBadly(job) && job.outcome === 'failed');
  return useQuery({
    queryKey: [...key, 'begin'],
    queryFn: async ({ signal }) => {
      const query = { level: ERROR, limit: 1, ...tryOf(attempt) };
      const { records } = await readLogs({ params: { ...address }, query }, { signal });
      return records[0]?.n ?? null;
    },
    enabled: hasFailed && job.errors > 0,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
}

async function findError(address: JobAddress, attempt: number | undefined): Promise<number | undefined> {
  let from = 0;
  for (;;) {
    const query = { from, level: ERROR, limit: 1, ...tryOf(attempt) };
    // A call looks at a part of the log and says how far it came.
    const { records, done, scannedTo } = await readLogs({ params: { ...address }, query });
    if (records.length > 0 || done || scannedTo <= from) return records[0]?.n;
    from = scannedTo;
  }
}

const tryOf = (attempt: number | undefined) => (attempt === undefined ? {} : { attempt });

function NoLog({ isRunning }: { isRunning: boolean }) {
  return (
    <Empty title="Nothing is logged">
      <p>
        {isRunning ? 'Its first lines come soon.' : 'What a crawl logs stands here from its first line on.'}
      </p>
    </Empty>
  );
}
