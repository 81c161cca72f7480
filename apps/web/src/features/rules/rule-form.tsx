import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../../api/client.ts';
import { changeRule, createRule, type Rule } from '../../api/rules.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field, problemOf } from '../../ui/field.tsx';
import { ActionFields } from './action-fields.tsx';
import { bodyOf, type Draft, draftOf, emptyRule } from './draft.ts';
import { useAddresses } from './queries.ts';
import { actionWords, whenWords } from './sentence.ts';
import { WhenFields } from './when-fields.tsx';

interface FormProps {
  project: number;
  /** The one that is changed; none: another one is made. */
  rule?: Rule;
  onSaved: (rule: Rule) => unknown;
  onClose: () => void;
}

/** Which ends of jobs, and what follows. */
export function RuleForm({ project, rule, onSaved, onClose }: FormProps) {
  const [draft, setDraft] = useState<Draft>(rule ? draftOf(rule) : emptyRule);
  const set = (change: Partial<Draft>) => setDraft((present) => ({ ...present, ...change }));
  const addresses = useAddresses(project);
  const body = bodyOf(draft, rule?.when);
  const saving = useMutation({
    mutationFn: () =>
      rule
        ? changeRule({ params: { project, rule: rule.id }, body })
        : createRule({ params: { project }, body }),
    onSuccess: onSaved,
  });
  const { error } = saving;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!saving.isPending) saving.mutate();
  }
  return (
    <Dialog open wide onClose={onClose} title={rule ? 'Change the rule' : 'New rule'}>
      <form onSubmit={submit} className="dialog-form">
        <div className="body stack">
          <Field label="Name" problem={problemOf(error, 'name')}>
            {(props) => (
              <input
                {...props}
                className="input"
                required
                maxLength={255}
                value={draft.name}
                onChange={(event) => set({ name: event.target.value })}
              />
            )}
          </Field>
          <WhenFields project={project} draft={draft} set={set} error={error} />
          <ActionFields project={project} draft={draft} set={set} error={error} />
          <p className="note anywhere" role="status">
            {whenWords(body.when)}, {actionWords(body.action, addresses)}.
          </p>
          {error && !isShownAtField(error, draft) && <ErrorPanel error={error} />}
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={saving.isPending}>
            {rule ? 'Save' : 'Make it'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

/** Names of arguments are fields, too. */
function isShownAtField(error: unknown, { channel, args }: Draft): boolean {
  if (!(error instanceof ApiError) || error.field === undefined) return false;
  const names = channel === 'run' ? args.flatMap(({ name }) => [name, `args.${name}`]) : [];
  return ['name', 'when', 'action', ...names].includes(error.field);
}
