import type { UseMutationResult } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import type { Setting } from '../../api/variables.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field } from '../../ui/field.tsx';
import { SecretTick } from './secret-tick.tsx';

export interface GivenSetting {
  name: string;
  /** As it was typed: JSON, or text. */
  text: string;
  secret: boolean;
}

interface SettingFormProps {
  /** The one to change; null for a new one. */
  setting: Setting | null;
  saving: UseMutationResult<unknown, Error, GivenSetting>;
}

/** A setting's name and value. The value of a secret is not known here: it is typed anew. */
export function SettingForm({ setting, saving }: SettingFormProps) {
  const [name, setName] = useState(setting?.name ?? '');
  const [text, setText] = useState(setting && !setting.secret ? JSON.stringify(setting.value) : '');
  const [secret, setSecret] = useState(setting?.secret ?? false);
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate({ name, text, secret });
  }
  return (
    <form className="dialog-form" onSubmit={submit}>
      <div className="body stack">
        <Field label="Name" hint="Such as DOWNLOAD_DELAY">
          {(props) => (
            <input
              {...props}
              className="input mono"
              required
              readOnly={setting !== null}
              autoComplete="off"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Value"
          hint={
            setting?.secret
              ? 'What it is now is not shown'
              : 'JSON (0.5, true, ["a"], {"a": 1}); what is no JSON is text'
          }
        >
          {(props) => (
            <textarea
              {...props}
              className="area mono"
              rows={3}
              autoComplete="off"
              spellCheck={false}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <SecretTick secret={secret} onChange={setting?.secret ? undefined : setSecret} />
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
