import { type UseMutationResult, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { listSpiders } from '../../api/spiders.ts';
import type { Variable } from '../../api/variables.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field } from '../../ui/field.tsx';
import { SecretTick } from './secret-tick.tsx';

export interface GivenVariable {
  /** Empty: all of the project's. */
  spider: string;
  name: string;
  value: string;
  secret: boolean;
}

interface VariableFormProps {
  project: number;
  /** The one to change; null for a new one. */
  variable: Variable | null;
  saving: UseMutationResult<unknown, Error, GivenVariable>;
}

/** A variable's name and value. The value of a secret is not known here: it is typed anew. */
export function VariableForm({ project, variable, saving }: VariableFormProps) {
  const [spider, setSpider] = useState(variable?.spider ?? '');
  const [name, setName] = useState(variable?.name ?? '');
  const [value, setValue] = useState(variable?.value ?? '');
  const [secret, setSecret] = useState(variable?.secret ?? false);
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate({ spider, name, value, secret });
  }
  return (
    <form className="dialog-form" onSubmit={submit}>
      <div className="body stack">
        <Field label="Name" hint="Letters, digits and _">
          {(props) => (
            <input
              {...props}
              className="input mono"
              required
              readOnly={variable !== null}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Value" hint={variable?.secret ? 'What it is now is not shown' : undefined}>
          {(props) => (
            <textarea
              {...props}
              className="area mono"
              rows={secret ? 2 : 3}
              autoComplete="off"
              spellCheck={false}
              value={value}
              onChange={(event) => setValue(event.target.value)}
            />
          )}
        </Field>
        <SecretTick secret={secret} onChange={variable?.secret ? undefined : setSecret} />
        {variable === null && (
          <Field label="For">
            {(props) => (
              <select
                {...props}
                className="select"
                value={spider}
                onChange={(event) => setSpider(event.target.value)}
              >
                <option value="">all spiders of the project</option>
                {spiders.data?.spiders.map((each) => (
                  <option key={each.number} value={each.name}>
                    {each.name}
                  </option>
                ))}
              </select>
            )}
          </Field>
        )}
        {saving.error && <ErrorPanel error={saving.error} />}
      </div>
      <footer>
        <button type="submit" className="button primary" disabled={saving.isPending}>
          Save
        </button>
      </footer>
    </form>
  );
}
