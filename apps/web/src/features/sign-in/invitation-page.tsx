import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { rememberCsrfToken } from '../../api/client.ts';
import { acceptInvitation, createAccount, type LinkFacts, readLink } from '../../api/session.ts';
import { isolated } from '../../lib/isolated.ts';
import { forgetAll, meQuery, useSignInWays } from '../../lib/me.ts';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { OpenIdButton } from './openid-button.tsx';
import { NoToken } from './password-page.tsx';
import { useFragment } from './use-fragment.ts';

export default function InvitationPage() {
  const token = useFragment('token');
  const link = useQuery({
    queryKey: ['link', token],
    queryFn: () => readLink({ body: { token: token ?? '' } }),
    enabled: token !== null,
    retry: false,
  });
  const me = useQuery({ ...meQuery, retry: false });
  const ways = useSignInWays();
  const enter = useEnter();
  if (token === null) return <NoToken />;
  if (!link.data) return <Pending query={link} rows={3} />;
  return (
    <>
      <h1>You are invited</h1>
      <p>{whereTo(link.data)}</p>
      {me.data?.user ? (
        <Accept token={token} name={me.data.name} onDone={enter} />
      ) : (
        <NewAccount token={token} onDone={enter} />
      )}
      {!me.data?.user && ways?.openId && (
        <>
          <p className="or dim">or</p>
          <OpenIdButton name={ways.openId.name} invitation={token} />
        </>
      )}
    </>
  );
}

function whereTo(link: LinkFacts): string {
  if (link.kind !== 'invitation') return 'This link is no invitation.';
  const { organisation, project, role } = link;
  const place = project
    ? `the project “${isolated(project.name)}” of “${isolated(organisation.name)}”`
    : `“${isolated(organisation.name)}”`;
  return `As ${role} of ${place}.`;
}

interface Taking {
  token: string;
  onDone: () => Promise<void>;
}

function useEnter() {
  const client = useQueryClient();
  const router = useRouter();
  return async () => {
    await forgetAll(client);
    router.history.push('/');
  };
}

function Accept({ token, name, onDone }: Taking & { name: string }) {
  const taking = useMutation({
    mutationFn: () => acceptInvitation({ body: { token } }),
    onSuccess: onDone,
  });
  return (
    <div className="stack">
      {taking.error && <ErrorPanel error={taking.error} />}
      <button
        type="button"
        className="button primary"
        disabled={taking.isPending}
        onClick={() => taking.mutate()}
      >
        Join as {name}
      </button>
    </div>
  );
}

function NewAccount({ token, onDone }: Taking) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const making = useMutation({
    mutationFn: () => createAccount({ body: { token, name, password } }),
    onSuccess: ({ csrfToken }) => {
      rememberCsrfToken(csrfToken);
      return onDone();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    making.mutate();
  }
  return (
    <form className="stack" onSubmit={submit}>
      <Field label="Your name" problem={problemOf(making.error, 'name')}>
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
      <PasswordField
        isNew
        value={password}
        onChange={setPassword}
        problem={problemOf(making.error, 'password')}
      />
      {isOfNoField(making.error, ['name', 'password']) && <ErrorPanel error={making.error} />}
      <button type="submit" className="button primary" disabled={making.isPending}>
        Make the account and join
      </button>
    </form>
  );
}
