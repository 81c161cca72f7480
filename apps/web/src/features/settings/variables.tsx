import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { changeVariables, listVariables, type Variable } from '../../api/variables.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { Region } from '../../ui/region.tsx';
import { RowMenu } from '../../ui/settings/row-menu.tsx';
import { SecretValue } from '../../ui/settings/value-form.tsx';
import { Ago } from '../../ui/time.tsx';
import { toast, toastError } from '../../ui/toasts.tsx';
import { type GivenVariable, VariableForm } from './variable-form.tsx';

/** Environment variables: those of the project first, then those that a spider has instead. */
export function Variables({ project }: { project: number }) {
  const client = useQueryClient();
  const key = ['variables', project];
  const params = { project };
  const query = useQuery({ queryKey: key, queryFn: () => listVariables({ params }) });
  /** Undefined: nothing is set; null: a new one. */
  const [setting, open] = useState<Variable | null | undefined>();
  const saving = useMutation({
    mutationFn: ({ spider, name, text, secret }: GivenVariable) =>
      changeVariables({
        params,
        body: { ...(spider !== '' && { spider }), [secret ? 'secrets' : 'set']: { [name]: text } },
      }),
    onSuccess: (list) => {
      client.setQueryData(key, list);
      toast('The variable is set: jobs that start from now on get it');
      open(undefined);
    },
  });
  const removing = useMutation({
    mutationFn: ({ spider, name }: Variable) =>
      changeVariables({ params, body: { ...(spider !== null && { spider }), remove: [name] } }),
    onSuccess: (list) => client.setQueryData(key, list),
    onError: toastError,
  });
  const list = query.data?.variables ?? [];
  return (
    <section className="stack tight">
      <div className="row apart">
        <h2>Environment variables</h2>
        <button type="button" className="button" onClick={() => open(null)}>
          Set a variable
        </button>
      </div>
      <p className="dim">
        What spiders read from <code>os.environ</code>. A spider's own stand before the project's, those of a
        job before both. Secrets are shown to nobody again; crawls see them, their logs do not.
      </p>
      <Pending query={query} rows={3} />
      {query.data && list.length === 0 && <p className="note">No variable is set.</p>}
      {list.length > 0 && (
        <Table variables={list} onChange={open} onRemove={(variable) => removing.mutate(variable)} />
      )}
      <Dialog
        open={setting !== undefined}
        title={setting ? `Change ${setting.name}` : 'Set a variable'}
        onClose={() => {
          open(undefined);
          saving.reset();
        }}
      >
        {setting !== undefined && <VariableForm project={project} variable={setting} saving={saving} />}
      </Dialog>
    </section>
  );
}

interface TableProps {
  variables: readonly Variable[];
  onChange: (variable: Variable) => void;
  onRemove: (variable: Variable) => void;
}

function Table({ variables, onChange, onRemove }: TableProps) {
  return (
    <Region label="Environment variables">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Value</th>
            <th>For</th>
            <th>Changed</th>
            <th aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {variables.toSorted(byPlace).map((variable) => (
            <tr key={`${variable.spider ?? ''} ${variable.name}`}>
              <td className="mono">{variable.name}</td>
              <td>
                <Value value={variable.value} secret={variable.secret} />
              </td>
              <td>{variable.spider ?? <span className="dim">all spiders</span>}</td>
              <td title={`by ${variable.changedBy}`}>
                <Ago at={variable.changedAt} />
              </td>
              <td className="number">
                <RowMenu
                  name={variable.name}
                  onChange={() => onChange(variable)}
                  onRemove={() => onRemove(variable)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Region>
  );
}

function byPlace(a: Variable, b: Variable): number {
  return (a.spider ?? '').localeCompare(b.spider ?? '') || a.name.localeCompare(b.name);
}

function Value({ value, secret }: { value: string | null; secret: boolean }) {
  if (secret) return <SecretValue />;
  return (
    <div className="mono cut" style={{ maxWidth: 420 }} title={value ?? undefined}>
      {value === '' ? <span className="dim">empty</span> : value}
    </div>
  );
}
