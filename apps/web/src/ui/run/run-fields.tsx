import { useQuery } from '@tanstack/react-query';
import { listVersions } from '../../api/versions.ts';
import { Field, problemOf } from '../field.tsx';
import type { Draft } from './draft.ts';
import { ArgumentRows, MoreFields, PriorityField, SpiderField, UnitsField } from './task-fields.tsx';
import type { Offers } from './use-offers.ts';

interface RunFieldsProps {
  project: number;
  draft: Draft;
  onChange: (draft: Draft) => void;
  offers: Offers;
  error: unknown;
}

export function RunFields({ project, draft, onChange, offers, error }: RunFieldsProps) {
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change });
  return (
    <>
      <SpiderField draft={draft} set={set} error={error} offers={offers} />
      <ArgumentRows args={draft.args} onChange={(args) => set({ args })} offers={offers} error={error} />
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
      <MoreFields draft={draft} set={set} error={error} />
    </>
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
      <PriorityField priority={draft.priority} onChange={(priority) => set({ priority })} />
      <UnitsField draft={draft} set={set} error={error} />
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
