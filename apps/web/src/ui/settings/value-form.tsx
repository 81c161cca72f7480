import { type FormEvent, type ReactNode, useState } from 'react';
import { ErrorPanel } from '../feedback.tsx';
import { Field } from '../field.tsx';
import { SecretTick } from './secret-tick.tsx';

/** A variable or a setting as it was typed. */
export interface GivenValue {
  name: string;
  text: string;
  secret: boolean;
}

/** One that is there already: its name stays, and what is secret is typed anew. */
export interface KnownValue {
  name: string;
  /** Null for a secret, which is not known here. */
  text: string | null;
}

interface ValueFormProps {
  /** The one to change; null for a new one. */
  known: KnownValue | null;
  nameHint: string;
  valueHint?: string | undefined;
  saving: { error: Error | null; isPending: boolean };
  onSave: (given: GivenValue) => void;
  children?: ReactNode;
}

/** Name and value of a variable or a setting, and whether it is a secret. */
export function ValueForm({ known, nameHint, valueHint, saving, onSave, children }: ValueFormProps) {
  const isSecret = known !== null && known.text === null;
  const [name, setName] = useState(known?.name ?? '');
  const [text, setText] = useState(known?.text ?? '');
  const [secret, setSecret] = useState(isSecret);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!saving.isPending) onSave({ name: name.trim(), text, secret });
  }
  return (
    <form className="dialog-form" onSubmit={submit}>
      <div className="body stack">
        <Field label="Name" hint={nameHint}>
          {(props) => (
            <input
              {...props}
              className="input mono"
              required
              maxLength={255}
              readOnly={known !== null}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field label="Value" hint={isSecret ? 'What it is now is not shown' : valueHint}>
          {(props) => (
            <textarea
              {...props}
              className="area mono"
              rows={secret ? 2 : 3}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <SecretTick secret={secret} onChange={isSecret ? undefined : setSecret} />
        {children}
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

/** The value of a secret in a list. */
export function SecretValue() {
  return (
    <span className="dim" title="Nobody reads it again but crawls">
      ••••••• secret
    </span>
  );
}
