import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { changeEmail } from '../../api/session.ts';
import { useMe } from '../../lib/me.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';
import { PasswordField } from '../../ui/password-field.tsx';

/** Where links for a forgotten password go. Another address counts once its mail was opened. */
export function EmailForm({ hasPassword }: { hasPassword: boolean }) {
  const me = useMe();
  const [email, setEmail] = useState('');
  const [current, setCurrent] = useState('');
  const asking = useMutation({
    mutationFn: () => changeEmail({ body: { email, ...(hasPassword && { current }) } }),
    onSuccess: () => setCurrent(''),
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    asking.mutate();
  }
  return (
    <form className="stack" style={{ maxWidth: 340 }} onSubmit={submit}>
      <p className="anywhere">
        {me?.email ? (
          <>
            Yours is <bdi className="strong">{me.email}</bdi>.
          </>
        ) : (
          'You have shown none yet. With one you get a link when you forget your password.'
        )}
      </p>
      <Field label="Another address" problem={problemOf(asking.error, 'email')}>
        {(props) => (
          <input
            {...props}
            className="input"
            type="email"
            autoComplete="email"
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        )}
      </Field>
      {hasPassword && (
        <PasswordField
          label="Your password"
          value={current}
          onChange={setCurrent}
          problem={problemOf(asking.error, 'current')}
        />
      )}
      {isOfNoField(asking.error, ['email', 'current']) && <ErrorPanel error={asking.error} />}
      {asking.isSuccess && (
        <p className="note ok anywhere" role="status">
          A link is on its way to {email}: open it to make the address yours.
        </p>
      )}
      <div>
        <button type="submit" className="button" disabled={asking.isPending}>
          Send a link there
        </button>
      </div>
    </form>
  );
}
