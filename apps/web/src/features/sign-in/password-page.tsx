import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Link, useRouter } from '@tanstack/react-router';
import { useState } from 'react';
import { rememberCsrfToken } from '../../api/client.ts';
import { setPassword } from '../../api/session.ts';
import { forgetAll } from '../../lib/me.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { isOfNoField, problemOf } from '../../ui/field.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { useFragment } from './use-fragment.ts';

export default function PasswordPage() {
  const token = useFragment('token');
  const client = useQueryClient();
  const router = useRouter();
  const [password, type] = useState('');
  const saving = useMutation({
    mutationFn: () => setPassword({ body: { token: token ?? '', password } }),
    onSuccess: async ({ csrfToken }) => {
      rememberCsrfToken(csrfToken);
      await forgetAll(client);
      router.history.push('/');
    },
  });
  if (token === null) return <NoToken />;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        saving.mutate();
      }}
    >
      <h1>Set a password</h1>
      <PasswordField
        label="New password"
        hint="You are signed out everywhere else."
        isNew
        value={password}
        onChange={type}
        problem={problemOf(saving.error, 'password')}
      />
      {isOfNoField(saving.error, ['password']) && <ErrorPanel error={saving.error} />}
      <button type="submit" className="button primary" disabled={saving.isPending}>
        Set password and sign in
      </button>
    </form>
  );
}

/** A link that lost its secret part, or was opened a second time from the history. */
export function NoToken() {
  return (
    <div className="stack">
      <h1>This link is not complete</h1>
      <p>Open it again from where you got it: everything behind the # belongs to it.</p>
      <Link to="/sign-in">Sign in</Link>
    </div>
  );
}
