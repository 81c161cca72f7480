import { useQuery } from '@tanstack/react-query';
import { readLogRecord } from '../../../api/jobs.ts';
import { bytes } from '../../../lib/format.ts';
import { nothingBefore } from '../../../lib/queries.ts';
import { CopyButton } from '../../../ui/command-line.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { Pending } from '../../../ui/feedback.tsx';
import { At } from '../../../ui/time.tsx';
import { levelName } from './levels.ts';
import type { LogStream } from './stream.ts';

interface RecordPaneProps {
  stream: LogStream;
  n: number;
  onClose: () => void;
}

/** One record with all of its lines. */
export function RecordPane({ stream, n, onClose }: RecordPaneProps) {
  const { address, attempt, queryKey } = stream;
  const record = useQuery({
    queryKey: [...queryKey, 'record', n],
    queryFn: () =>
      readLogRecord({
        params: { ...address, record: n },
        query: attempt === undefined ? {} : { attempt },
      }),
    placeholderData: nothingBefore,
  });
  const { data } = record;
  return (
    <Dialog open wide onClose={onClose} title={`Line ${n}`}>
      <div className="body stack">
        <Pending query={record} rows={4} />
        {data && (
          <>
            <div className="row">
              <span className={`log-level ${levelName(data.level).toLowerCase()}`}>
                {levelName(data.level)}
              </span>
              <At at={data.time === null ? null : new Date(data.time).toISOString()} />
              <span className="push" />
              <CopyButton text={data.message} label="Copy the message" />
              <CopyButton text={linkTo(n)} label="Copy a link to this line" />
            </div>
            <pre className="whole">{data.message}</pre>
            {data.size > data.message.length && (
              <p className="dim">Cut: it has {bytes(data.size)} in all. The download has all of it.</p>
            )}
          </>
        )}
      </div>
    </Dialog>
  );
}

function linkTo(n: number): string {
  const url = new URL(location.href);
  url.search = new URLSearchParams({ tab: 'log', line: String(n) }).toString();
  return url.href;
}
