import { X } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { JobPage } from '../../api/jobs.ts';
import { tokensOf, valuesOf, withField } from '../../lib/filter-text.ts';
import { count } from '../../lib/format.ts';
import { useKeys } from '../../lib/keys.ts';

const PAUSE_MS = 350;

interface FilterBarProps {
  q: string;
  onChange: (q: string) => void;
  counts: JobPage['counts'] | undefined;
  /** What is wrong with it. */
  problem: string | null;
}

const STATES = [
  [null, 'All'],
  ['running', 'Running'],
  ['pending', 'Pending'],
  ['finished', 'Finished'],
  ['failed', 'Failed'],
] as const;
const TIMES = [
  ['', 'any time'],
  ['1h', 'the last hour'],
  ['24h', '24 hours'],
  ['7d', '7 days'],
  ['30d', '30 days'],
] as const;

/** The filter as text, and chips that edit the same text. */
export function FilterBar({ q, onChange, counts, problem }: FilterBarProps) {
  const states = valuesOf(q, 'state');
  const since = valuesOf(q, 'since')[0] ?? '';
  const numbers = counts && {
    running: count(counts.running),
    pending: count(counts.pending),
    finished: count(counts.finished),
    failed: `${count(counts.failed.count)}${counts.failed.atLeast ? '+' : ''}`,
  };
  return (
    <div className="stack tight">
      <FilterText q={q} onChange={onChange} problem={problem} />
      <div className="row">
        <div className="chips">
          {STATES.map(([state, words]) => {
            const isOn = state === null ? states.length === 0 : states.length === 1 && states[0] === state;
            return (
              <button
                key={words}
                type="button"
                className="chip"
                aria-pressed={isOn}
                title={state === 'failed' ? 'The number is that of the last 24 hours' : undefined}
                onClick={() => onChange(withField(q, 'state', state))}
              >
                {words}
                {state !== null && numbers && <span className="count">{numbers[state]}</span>}
              </button>
            );
          })}
        </div>
        <label className="row tight push">
          <span className="dim">Changed within</span>
          <select
            className="select"
            value={since}
            onChange={(event) => onChange(withField(q, 'since', event.target.value || null))}
          >
            {TIMES.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
            {!TIMES.some(([value]) => value === since) && <option value={since}>{since}</option>}
          </select>
        </label>
      </div>
    </div>
  );
}

function FilterText({ q, onChange, problem }: Omit<FilterBarProps, 'counts'>) {
  const [text, setText] = useState(q);
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => setText((typed) => (tokensOf(typed).join(' ') === q ? typed : q)), [q]);
  useEffect(() => {
    const wanted = tokensOf(text).join(' ');
    if (wanted === q) return;
    const timer = setTimeout(() => onChange(wanted), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text, q, onChange]);
  useKeys([{ keys: '/', what: 'Filter jobs', run: () => box.current?.focus() }]);
  return (
    <div className="stack tight">
      <form
        className="filter"
        onSubmit={(event) => {
          event.preventDefault();
          onChange(tokensOf(text).join(' '));
        }}
      >
        <input
          ref={box}
          className="input mono"
          aria-label="Filter jobs"
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : 'filter-problem'}
          placeholder="books state:failed tag:daily -tag:consumed errors:>0 since:7d"
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        {text !== '' && (
          <button type="button" className="button quiet" onClick={() => onChange('')}>
            <X size={14} /> Clear
          </button>
        )}
      </form>
      {problem !== null && (
        <div id="filter-problem" className="small bad" role="alert">
          {problem}
        </div>
      )}
    </div>
  );
}
