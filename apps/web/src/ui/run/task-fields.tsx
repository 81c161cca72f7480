import { useId } from 'react';
import { Field, problemOf } from '../field.tsx';
import { type Draft, isScript, type NamedText, PRIORITIES } from './draft.ts';
import { NamedRows } from './named-rows.tsx';
import type { Offers } from './use-offers.ts';

const MAX_UNITS = 6;

type Set = (change: Partial<Draft>) => void;

interface PartProps {
  draft: Draft;
  set: Set;
  error: unknown;
}

/** Which spider or script runs. `field`: how the service calls it. */
export function SpiderField({
  draft,
  set,
  error,
  offers,
  field = 'spider',
}: PartProps & { offers: Offers; field?: string }) {
  const names = useId();
  return (
    <>
      <Field
        label="Spider"
        problem={problemOf(error, field)}
        hint={offers.spiders.length === 0 ? 'Nothing is deployed here yet: see Code' : undefined}
      >
        {(props) => (
          <input
            {...props}
            className="input"
            required
            list={names}
            autoComplete="off"
            value={draft.spider}
            onChange={(event) => set({ spider: event.target.value })}
          />
        )}
      </Field>
      <datalist id={names}>
        {offers.spiders.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {isScript(draft.spider) && (
        <Field label="Words after the script's name" problem={problemOf(error, 'command')}>
          {(props) => (
            <input
              {...props}
              className="input mono"
              value={draft.command}
              onChange={(event) => set({ command: event.target.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}

/** What the service says about one of named values, by itself or as `list.name`. */
export const aboutNamed = (error: unknown, list: string) => (name: string) =>
  name === '' ? undefined : (problemOf(error, `${list}.${name}`) ?? problemOf(error, name));

interface ArgumentRowsProps {
  args: readonly NamedText[];
  onChange: (args: NamedText[]) => void;
  offers: Offers;
  error: unknown;
}

export function ArgumentRows({ args, onChange, offers, error }: ArgumentRowsProps) {
  return (
    <NamedRows
      title="Arguments"
      noun="argument"
      rows={args}
      onChange={onChange}
      offers={offers.args}
      problemOf={aboutNamed(error, 'args')}
    />
  );
}

export function PriorityField({ priority, onChange }: { priority: number; onChange: (to: number) => void }) {
  return (
    <Field label="Priority">
      {(props) => (
        <select
          {...props}
          className="select"
          value={priority}
          onChange={(event) => onChange(Number(event.target.value))}
        >
          {PRIORITIES.map((words, value) => (
            <option key={words} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function UnitsField({ draft, set, error }: PartProps) {
  return (
    <Field label="Units" problem={problemOf(error, 'units')}>
      {(props) => (
        <select
          {...props}
          className="select"
          value={draft.units}
          onChange={(event) => set({ units: Number(event.target.value) })}
        >
          {Array.from({ length: MAX_UNITS }, (_, i) => i + 1).map((units) => (
            <option key={units}>{units}</option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** What few jobs need. */
export function MoreFields({ draft, set, error }: PartProps) {
  return (
    <details className="more" open={draft.settings.length > 0 || draft.environment.length > 0}>
      <summary>Settings and environment of this job</summary>
      <div className="stack">
        <NamedRows
          title="Settings"
          noun="setting"
          rows={draft.settings}
          onChange={(settings) => set({ settings })}
          problemOf={aboutNamed(error, 'settings')}
        />
        <NamedRows
          title="Environment"
          noun="variable"
          rows={draft.environment}
          onChange={(environment) => set({ environment })}
          problemOf={aboutNamed(error, 'environment')}
        />
      </div>
    </details>
  );
}
