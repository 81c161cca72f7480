import { useMutation } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type FormEvent, useEffect, useState } from 'react';
import { askForPassword } from '../../api/session.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';

/** A link for a new password, by mail. The answer is the same whether somebody has the address or not. */
export default function ForgottenPage() {
  const [email, setEmail] = useState('');
  const asking = useMutation({ mutationFn: () => askForPassword({ body: { email } }) });
  useEffect(() => {
    document.title = 'Another password · Spiderhub';
  }, []);
  function submit(event: FormEvent) {
    event.preventDefault();
    asking.mutate();
  }
  if (asking.isSuccess) {
    return (
      <div className="stack" role="status">
        <h1>Look into your mail</h1>
        <p className="anywhere">
          If somebody here has the address {email}, a link is on its way to it. It works once, for a day.
        </p>
        <Link to="/sign-in">Sign in</Link>
      </div>
    );
  }
  return (
    <form className="stack" onSubmit={submit}>
      <h1>Another password</h1>
      <Field
        label="Your e-mail address"
        hint="A link that sets a password is sent there"
        problem={problemOf(asking.error, 'email')}
      >
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
      {isOfNoField(asking.error, ['email']) && <ErrorPanel error={asking.error} />}
      <button type="submit" className="button primary" disabled={asking.isPending}>
        Send a link
      </button>
      <Link to="/sign-in">Sign in</Link>
    </form>
  );
}
