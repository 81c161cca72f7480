import { ArrowDownToLine, Download } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { downloadAddress, type JobAddress } from '../../../api/jobs.ts';
import { count } from '../../../lib/format.ts';
import { useKeys } from '../../../lib/keys.ts';
import { countFrom, LEVELS, type TimeStyle } from './levels.ts';

interface LogToolsProps {
  levels: readonly { level: number; count: number }[];
  end: number;
  level: number;
  find: string;
  times: TimeStyle;
  follows: boolean;
  /** Lines may still come: there is something to follow. */
  isGrowing: boolean;
  canFollow: boolean;
  address: JobAddress;
  onLevel: (level: number) => void;
  onFind: (find: string) => void;
  onTimes: (times: TimeStyle) => void;
  onFollow: (follows: boolean) => void;
  onFirstError: () => void;
}

const PAUSE_MS = 400;
const TIMES: readonly TimeStyle[] = ['clock', 'since start', 'between lines'];

/** Levels with their numbers, search, times, follow. */
export function LogTools(props: LogToolsProps) {
  const { levels, end, level, times, follows, isGrowing, canFollow, address } = props;
  const errors = countFrom(levels, 40);
  return (
    <div className="row">
      <div className="chips">
        <button type="button" className="chip" aria-pressed={level === 0} onClick={() => props.onLevel(0)}>
          All <span className="count">{count(end)}</span>
        </button>
        {LEVELS.filter(([from]) => from > 10 && countFrom(levels, from) > 0).map(([from, name]) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={level === from}
            title={`${name} and above`}
            onClick={() => props.onLevel(from)}
          >
            {name} <span className="count">{count(countFrom(levels, from))}</span>
          </button>
        ))}
      </div>
      <Find find={props.find} onFind={props.onFind} />
      {errors > 0 && (
        <button type="button" className="button" onClick={props.onFirstError} title="e">
          First error
        </button>
      )}
      <select
        className="select push"
        aria-label="Times"
        value={times}
        onChange={(event) => props.onTimes(event.target.value as TimeStyle)}
      >
        {TIMES.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
      {isGrowing && (
        <button
          type="button"
          className="button"
          aria-pressed={follows}
          disabled={!canFollow}
          title="f"
          onClick={() => props.onFollow(!follows)}
        >
          <ArrowDownToLine size={14} /> {follows ? 'Following' : 'Follow'}
        </button>
      )}
      <a className="button icon" href={downloadAddress(address, 'logs', 'txt')} aria-label="Download the log">
        <Download size={14} />
      </a>
    </div>
  );
}

function Find({ find, onFind }: { find: string; onFind: (find: string) => void }) {
  const [text, setText] = useState(find);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => setText(find), [find]);
  useEffect(() => {
    if (text === find) return;
    const timer = setTimeout(() => onFind(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, find, onFind]);
  useKeys([{ keys: '/', what: 'Search the log', run: () => box.current?.focus() }]);
  return (
    <input
      ref={box}
      className="input"
      style={{ width: 220 }}
      type="search"
      aria-label="Search the log"
      placeholder="Search the log"
      value={text}
      onChange={(event) => setText(event.target.value)}
      onKeyDown={(event) => event.key === 'Escape' && box.current?.blur()}
    />
  );
}
