import { useState } from 'react';
import { Field } from './field.tsx';

interface PasswordFieldProps {
  value: string;
  onChange: (value: string) => void;
  /** A new one, which password managers propose, or the one that there is. */
  isNew?: boolean;
  label?: string;
  hint?: string;
  problem?: string | undefined;
}

/** What a new password has to be. */
const POLICY = 'Ten characters or more.';

/** A password as it is typed, which can be looked at. */
export function PasswordField(props: PasswordFieldProps) {
  const { value, onChange, isNew = false, label = 'Password', hint = '', problem } = props;
  const [isShown, setShown] = useState(false);
  return (
    <Field label={label} hint={isNew ? `${POLICY} ${hint}`.trim() : hint} problem={problem}>
      {(attributes) => (
        <span className="row tight together">
          <input
            {...attributes}
            className="input grow"
            type={isShown ? 'text' : 'password'}
            autoComplete={isNew ? 'new-password' : 'current-password'}
            required
            value={value}
            onChange={(event) => onChange(event.target.value)}
          />
          <button
            type="button"
            className="button"
            aria-pressed={isShown}
            aria-label={isShown ? 'Hide what is typed' : 'Show what is typed'}
            onClick={() => setShown(!isShown)}
          >
            {isShown ? 'Hide' : 'Show'}
          </button>
        </span>
      )}
    </Field>
  );
}
