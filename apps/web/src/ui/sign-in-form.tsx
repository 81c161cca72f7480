import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { rememberCsrfToken } from '../api/client.ts';
import { signIn } from '../api/session.ts';
import { ErrorPanel } from './feedback.tsx';
import { Field } from './field.tsx';
import { PasswordField } from './password-field.tsx';

interface SignInFormProps {
  /** Known already: who was signed in before. */
  name?: string;
  onDone: () => void;
}

/** Name and password. What it needs beyond that is said where it goes wrong. */
export function SignInForm({ name: known = '', onDone }: SignInFormProps) {
  const [name, setName] = useState(known);
  const [password, setPassword] = useState('');
  const entering = useMutation({
    mutationFn: () => signIn({ body: { name, password } }),
    onSuccess: ({ csrfToken }) => {
      rememberCsrfToken(csrfToken);
      onDone();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    entering.mutate();
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Field label="Name">
        {(props) => (
          <input
            {...props}
            className="input"
            autoComplete="username"
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
        )}
      </Field>
      <PasswordField value={password} onChange={setPassword} />
      {entering.error && <ErrorPanel error={entering.error} />}
      <button type="submit" className="button primary" disabled={entering.isPending}>
        Sign in
      </button>
    </form>
  );
}
