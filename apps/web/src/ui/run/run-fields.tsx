import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { listVersions } from '../../api/versions.ts';
import { Field, problemOf } from '../field.tsx';
import { type Draft, isScript, PRIORITIES } from './draft.ts';
import { NamedRows } from './named-rows.tsx';

interface RunFieldsProps {
  project: number;
  draft: Draft;
  onChange: (draft: Draft) => void;
  offers: {
    spiders: readonly { name: string; version: string | null }[];
    args: readonly { name: string; values: readonly string[] }[];
  };
  error: unknown;
}

const MAX_UNITS = 6;

export function RunFields({ project, draft, onChange, offers, error }: RunFieldsProps) {
  const names = useId();
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  const about = (list: string) => (name: string) =>
    name === '' ? undefined : problemOf(error, `${list}.${name}`);
  return (
    <>
      <Field
        label="Spider"
        problem={problemOf(error, 'spider')}
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
      <NamedRows
        title="Arguments"
        noun="argument"
        rows={draft.args}
        onChange={(args) => set({ args })}
        offers={offers.args}
        problemOf={about('args')}
      />
      <Field label="Tags" problem={problemOf(error, 'tags')} hint="With blanks between them">
        {(props) => (
          <input
            {...props}
            className="input"
            value={draft.tags}
            onChange={(event) => set({ tags: event.target.value })}
          />
        )}
      </Field>
      <Choices project={project} draft={draft} set={set} error={error} />
      <More draft={draft} set={set} about={about} />
    </>
  );
}

interface MoreProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  about: (list: string) => (name: string) => string | undefined;
}

function More({ draft, set, about }: MoreProps) {
  return (
    <details className="more" open={draft.settings.length > 0 || draft.environment.length > 0}>
      <summary>Settings and environment of this job</summary>
      <div className="stack">
        <NamedRows
          title="Settings"
          noun="setting"
          rows={draft.settings}
          onChange={(settings) => set({ settings })}
          problemOf={about('settings')}
        />
        <NamedRows
          title="Environment"
          noun="variable"
          rows={draft.environment}
          onChange={(environment) => set({ environment })}
          problemOf={about('environment')}
        />
      </div>
    </details>
  );
}

interface ChoicesProps {
  project: number;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: unknown;
}

function Choices({ project, draft, set, error }: ChoicesProps) {
  const versions = useQuery({
    queryKey: ['versions', project],
    queryFn: () => listVersions({ params: { project } }),
    retry: false,
  });
  return (
    <div className="three">
      <Field label="Priority">
        {(props) => (
          <select
            {...props}
            className="select"
            value={draft.priority}
            onChange={(event) => set({ priority: Number(event.target.value) })}
          >
            {PRIORITIES.map((words, value) => (
              <option key={words} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </Field>
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
      <Field label="Version" problem={problemOf(error, 'version')}>
        {(props) => (
          <select
            {...props}
            className="select"
            value={draft.version}
            onChange={(event) => set({ version: event.target.value })}
          >
            <option value="">the one in use</option>
            {versions.data?.versions.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
            {draft.version !== '' && !versions.data?.versions.some(({ name }) => name === draft.version) && (
              <option>{draft.version}</option>
            )}
          </select>
        )}
      </Field>
    </div>
  );
}
