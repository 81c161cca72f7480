import type { LogRecord } from '../../../api/jobs.ts';
import { clockTime, duration } from '../../../lib/format.ts';
import { usePreferences } from '../../../lib/preferences.ts';
import { firstLine, levelName, type TimeStyle } from './levels.ts';

interface LogLineProps {
  record: LogRecord | undefined;
  n: number;
  times: TimeStyle;
  startedAt: string | null;
  /** The time of the record before, for times between. */
  before: number | null;
  find?: string;
}

/** One line of a record: number, time, level, and the first line of its message. */
export function LogLine({ record, n, times, startedAt, before, find = '' }: LogLineProps) {
  const { zone } = usePreferences();
  if (!record) return <span className="log-number">{n}</span>;
  const { text, more } = firstLine(record.message);
  const level = levelName(record.level);
  return (
    <>
      <span className="log-number">{n}</span>
      <span className="log-time">{timeText(record.time, times, startedAt, before, zone)}</span>
      <span className={`log-level ${level.toLowerCase()}`}>{level}</span>
      <span className={`log-text ${level.toLowerCase()}`}>
        <Marked text={text} find={find} />
      </span>
      {more > 0 && <span className="log-more">+{more}</span>}
    </>
  );
}

function timeText(
  time: number | null,
  times: TimeStyle,
  startedAt: string | null,
  before: number | null,
  zone: 'mine' | 'utc',
): string {
  if (time === null) return '';
  if (times === 'clock') return clockTime(time, zone);
  const from = times === 'since start' ? startedAt && Date.parse(startedAt) : before;
  if (from === null || from === '') return '';
  return `+${duration(Math.max(0, time - from))}`;
}

/** What was searched for stands out. */
function Marked({ text, find }: { text: string; find: string }) {
  const at = find === '' ? -1 : text.toLowerCase().indexOf(find.toLowerCase());
  if (at === -1) return <>{text}</>;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + find.length)}</mark>
      {text.slice(at + find.length)}
    </>
  );
}
