import { useEffect, useState } from 'react';
import { type LogRecord, readLogs } from '../../../api/jobs.ts';
import { RecordWindow } from '../../../ui/record-window.tsx';
import type { TimeStyle } from './levels.ts';
import { LogLine } from './log-line.tsx';
import type { LogStream } from './stream.ts';

const LINE = 20;
export const LOG_RESERVE = 350;

interface LogWholeProps {
  stream: LogStream;
  end: number;
  times: TimeStyle;
  line: number | null;
  /** Where it is looked at first when no line is named; null: from its first line on. */
  startsAt: number | null;
  follows: boolean;
  onFollow: (follows: boolean) => void;
  onLine: (n: number) => void;
  onOpen: (n: number) => void;
}

/** Every record, from the first to the last. */
export function LogWhole(props: LogWholeProps) {
  const { stream, end, times, line, startsAt, follows, onFollow, onLine, onOpen } = props;
  const [current, setCurrent] = useState<number | null>(line ?? startsAt);
  useEffect(() => {
    if (line !== null) setCurrent(line);
  }, [line]);
  const { queryKey, startedAt } = stream;
  const known = new Map<number, number | null>();
  return (
    <RecordWindow<LogRecord>
      label="Log"
      role="log"
      queryKey={[...queryKey, 'records']}
      end={end}
      rowHeight={LINE}
      reserve={LOG_RESERVE}
      load={(from, limit, signal) => readPart(stream, from, limit, signal)}
      current={current}
      onCurrent={(n) => {
        setCurrent(n);
        onLine(n);
        if (n < end - 1) onFollow(false);
      }}
      onOpen={onOpen}
      follows={follows}
      onFollow={onFollow}
      render={(record, n) => {
        known.set(n, record?.time ?? null);
        return (
          <LogLine
            record={record}
            n={n}
            times={times}
            startedAt={startedAt}
            before={known.get(n - 1) ?? null}
          />
        );
      }}
    />
  );
}

/** All of a part: one call may end before it has found its way there, and says how far it came. */
async function readPart(
  { address, attempt }: LogStream,
  from: number,
  limit: number,
  signal: AbortSignal,
): Promise<LogRecord[]> {
  const found: LogRecord[] = [];
  for (let at = from; at < from + limit; ) {
    const query = { from: at, limit: from + limit - at, ...(attempt !== undefined && { attempt }) };
    const { records, done, scannedTo } = await readLogs({ params: { ...address }, query }, { signal });
    found.push(...records);
    if (done || scannedTo <= at) break;
    at = scannedTo;
  }
  return found;
}
