import { type UseMutationResult, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { listSpiders } from '../../api/spiders.ts';
import type { Variable } from '../../api/variables.ts';
import { Field } from '../../ui/field.tsx';
import { type GivenValue, ValueForm } from '../../ui/settings/value-form.tsx';

export interface GivenVariable extends GivenValue {
  /** Empty: all of the project's. */
  spider: string;
}

interface VariableFormProps {
  project: number;
  /** The one to change; null for a new one. */
  variable: Variable | null;
  saving: UseMutationResult<unknown, Error, GivenVariable>;
}

/** A variable's name and value, and whose it is. */
export function VariableForm({ project, variable, saving }: VariableFormProps) {
  const [spider, setSpider] = useState(variable?.spider ?? '');
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  return (
    <ValueForm
      known={variable && { name: variable.name, text: variable.value }}
      nameHint="Letters, digits and _"
      saving={saving}
      onSave={(given) => saving.mutate({ ...given, spider })}
    >
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
    </ValueForm>
  );
}
