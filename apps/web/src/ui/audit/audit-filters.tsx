import { type FormEvent, useState } from 'react';
import type { AuditFilter } from '../../api/audit.ts';

const HOUR_MS = 3600_000;
const SINCE = [
  ['', 'at any time'],
  ['1', 'in the last hour'],
  ['24', 'in the last day'],
  ['168', 'in the last week'],
  ['720', 'in the last 30 days'],
] as const;

interface AuditFiltersProps {
  filter: AuditFilter;
  onFilter: (filter: AuditFilter) => void;
}

/** Who, what, when and with what outcome. */
export function AuditFilters({ filter, onFilter }: AuditFiltersProps) {
  const [actor, setActor] = useState('');
  const [action, setAction] = useState('');
  const [hours, setHours] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    onFilter({ ...filter, actor: actor.trim() || undefined, action: action.trim() || undefined });
  }
  return (
    <form className="row" onSubmit={submit}>
      <input
        className="input"
        aria-label="By whom"
        placeholder="who, by name"
        value={actor}
        onChange={(event) => setActor(event.target.value)}
      />
      <input
        className="input"
        aria-label="What was done"
        placeholder="what, such as key.made"
        value={action}
        onChange={(event) => setAction(event.target.value)}
      />
      <select
        className="select"
        aria-label="When"
        value={hours}
        onChange={({ target }) => {
          setHours(target.value);
          const since =
            target.value === ''
              ? undefined
              : new Date(Date.now() - Number(target.value) * HOUR_MS).toISOString();
          onFilter({ ...filter, since });
        }}
      >
        {SINCE.map(([value, words]) => (
          <option key={value} value={value}>
            {words}
          </option>
        ))}
      </select>
      <select
        className="select"
        aria-label="Outcome"
        value={filter.outcome ?? ''}
        onChange={({ target }) =>
          onFilter({ ...filter, outcome: (target.value || undefined) as AuditFilter['outcome'] })
        }
      >
        <option value="">done and refused</option>
        <option value="done">done</option>
        <option value="refused">refused</option>
      </select>
      <button type="submit" className="button">
        Filter
      </button>
    </form>
  );
}
