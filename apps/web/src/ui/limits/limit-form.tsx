import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ErrorPanel } from '../feedback.tsx';
import { Field, isOfNoField, problemOf } from '../field.tsx';
import type { LimitChange } from './limit-table.tsx';
import type { LimitWords } from './limit-words.ts';

interface LimitFormProps {
  words: LimitWords;
  limit: { limit: number | null; isSet: boolean };
  onChange: (change: LimitChange) => Promise<unknown>;
  onDone: () => void;
}

type Kind = 'number' | 'none' | 'default';

/** Another limit: a number, none, or what is the default. */
export function LimitForm({ words: { name, unit }, limit, onChange, onDone }: LimitFormProps) {
  const [kind, setKind] = useState<Kind>(
    limit.isSet ? (limit.limit === null ? 'none' : 'number') : 'default',
  );
  const [text, setText] = useState(String(limit.limit ?? ''));
  const saving = useMutation({
    mutationFn: () => onChange({ [name]: { number: Number(text), none: null, default: 'default' }[kind] }),
    onSuccess: onDone,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form className="dialog-form" onSubmit={submit}>
      <div className="body stack">
        <Field label="Limit">
          {(props) => (
            <select
              {...props}
              className="select"
              value={kind}
              onChange={(event) => setKind(event.target.value as Kind)}
            >
              <option value="default">the default</option>
              <option value="number">a number</option>
              <option value="none">none</option>
            </select>
          )}
        </Field>
        {kind === 'number' && (
          <Field label="At most" hint={`${unit}, a whole number`} problem={problemOf(saving.error, name)}>
            {(props) => (
              <input
                {...props}
                className="input"
                type="number"
                min={1}
                step={1}
                required
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
            )}
          </Field>
        )}
        {isOfNoField(saving.error, kind === 'number' ? [name] : []) && <ErrorPanel error={saving.error} />}
        <p className="dim">It holds everywhere within two seconds; what runs goes on.</p>
      </div>
      <footer>
        <button type="submit" className="button primary" disabled={saving.isPending}>
          Save
        </button>
      </footer>
    </form>
  );
}
