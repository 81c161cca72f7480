import { type FormEvent, useState } from 'react';
import { ROLES, type Role } from '../../api/organisations.ts';
import { ErrorPanel } from '../feedback.tsx';
import { Field, isOfNoField, problemOf } from '../field.tsx';
import { ActionPicker } from './action-picker.tsx';
import { ProjectPicker } from './project-picker.tsx';
import type { KeyPlace, useApiKeys } from './use-api-keys.ts';

const DAY_MS = 24 * 3600_000;
const ENDS = [
  ['7', 'in a week'],
  ['30', 'in 30 days'],
  ['90', 'in 90 days'],
  ['365', 'in a year'],
  ['', 'never'],
  ['date', 'on a day'],
] as const;
const FIELDS = ['name', 'actions', 'projects', 'networks', 'expiresAt', 'role'];

interface NewKeyFormProps {
  place: KeyPlace;
  making: ReturnType<typeof useApiKeys>['make'];
}

/** What a new key shall be good for. Only its name has to be said. */
export function NewKeyForm({ place, making }: NewKeyFormProps) {
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('developer');
  const [actions, setActions] = useState<string[] | null>(null);
  const [projects, setProjects] = useState<number[] | null>(null);
  const [networks, setNetworks] = useState('');
  const [end, setEnd] = useState('90');
  const [day, setDay] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    const from = networks.split(/[\s,]+/).filter((word) => word !== '');
    making.mutate({
      name: name.trim(),
      role,
      actions,
      projects,
      networks: from.length > 0 ? from : null,
      expiresAt: endOf(end, day),
    });
  }
  const { error } = making;
  return (
    <form className="dialog-form" onSubmit={submit}>
      <div className="body stack">
        <Field label="Name" hint="What uses it, and where" problem={problemOf(error, 'name')}>
          {(props) => (
            <input
              {...props}
              className="input"
              required
              maxLength={100}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {typeof place === 'object' && (
          <RoleField role={role} onChange={setRole} problem={problemOf(error, 'role')} />
        )}
        <ActionPicker actions={actions} onChange={setActions} problem={problemOf(error, 'actions')} />
        {place === 'own' && (
          <ProjectPicker projects={projects} onChange={setProjects} problem={problemOf(error, 'projects')} />
        )}
        <EndFields
          end={end}
          day={day}
          onEnd={setEnd}
          onDay={setDay}
          problem={problemOf(error, 'expiresAt')}
        />
        <Field
          label="Good from addresses"
          hint="IP addresses and networks such as 10.0.0.0/8, with commas; empty: from everywhere"
          problem={problemOf(error, 'networks')}
        >
          {(props) => (
            <input
              {...props}
              className="input mono"
              value={networks}
              onChange={(event) => setNetworks(event.target.value)}
            />
          )}
        </Field>
        {isOfNoField(error, FIELDS) && <ErrorPanel error={error} />}
      </div>
      <footer>
        <button type="submit" className="button primary" disabled={making.isPending}>
          Make the key
        </button>
      </footer>
    </form>
  );
}

interface RoleFieldProps {
  role: Role;
  onChange: (role: Role) => void;
  problem: string | undefined;
}

function RoleField({ role, onChange, problem }: RoleFieldProps) {
  return (
    <Field label="It is, in this project" problem={problem}>
      {(props) => (
        <select
          {...props}
          className="select"
          value={role}
          onChange={(event) => onChange(event.target.value as Role)}
        >
          {ROLES.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

interface EndFieldsProps {
  /** One of `ENDS`. */
  end: string;
  /** `2027-01-31`, for an end on a day. */
  day: string;
  onEnd: (end: string) => void;
  onDay: (day: string) => void;
  problem: string | undefined;
}

function EndFields({ end, day, onEnd, onDay, problem }: EndFieldsProps) {
  return (
    <div className="three">
      <Field label="It ends" problem={problem}>
        {(props) => (
          <select {...props} className="select" value={end} onChange={(event) => onEnd(event.target.value)}>
            {ENDS.map(([value, words]) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
      {end === 'date' && (
        <Field label="Day" hint="At its end, UTC">
          {(props) => (
            <input
              {...props}
              className="input"
              type="date"
              required
              value={day}
              onChange={(event) => onDay(event.target.value)}
            />
          )}
        </Field>
      )}
    </div>
  );
}

/** When a key ends that is made now; null: never. */
function endOf(end: string, day: string): string | null {
  if (end === '') return null;
  if (end === 'date') return `${day}T23:59:59.000Z`;
  return new Date(Date.now() + Number(end) * DAY_MS).toISOString();
}
