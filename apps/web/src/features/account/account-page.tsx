import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import {
  changePassword,
  endOtherSessions,
  endSession,
  listSessions,
  type OpenSession,
  readSession,
} from '../../api/session.ts';
import { plural } from '../../lib/format.ts';
import { useSignInWays } from '../../lib/me.ts';
import { programIn } from '../../lib/program-in.ts';
import { ApiKeys } from '../../ui/api-keys/api-keys.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { isOfNoField, problemOf } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { PasswordField } from '../../ui/password-field.tsx';
import { Region } from '../../ui/region.tsx';
import { Ago } from '../../ui/time.tsx';
import { toast, toastError } from '../../ui/toasts.tsx';
import { EmailForm } from './email-form.tsx';

const SESSIONS = ['sessions'];

/** What is one's own: the password, and where one is signed in. */
export default function AccountPage() {
  const session = useQuery({ queryKey: ['session'], queryFn: () => readSession({}) });
  const ways = useSignInWays();
  return (
    <Page title="Your account">
      <section className="stack tight">
        <h2>Your API keys</h2>
        <ApiKeys place="own" refusal={null} />
      </section>
      <Pending query={session} />
      {session.data && (
        <section className="panel narrow-part">
          <div className="title">
            <h2>{session.data.hasPassword ? 'Change password' : 'Set a password'}</h2>
          </div>
          <div className="content">
            {!session.data.hasPassword && (
              <p className="note warn">
                You came by a link, which works once. With a password you can come again without one.
              </p>
            )}
            <PasswordForm hasPassword={session.data.hasPassword} />
          </div>
        </section>
      )}
      {session.data && ways?.mail && (
        <section className="panel narrow-part">
          <div className="title">
            <h2>E-mail address</h2>
          </div>
          <div className="content">
            <EmailForm hasPassword={session.data.hasPassword} />
          </div>
        </section>
      )}
      <Sessions />
    </Page>
  );
}

function PasswordForm({ hasPassword }: { hasPassword: boolean }) {
  const client = useQueryClient();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const saving = useMutation({
    mutationFn: () => changePassword({ body: { password, ...(hasPassword && { current }) } }),
    onSuccess: async () => {
      setCurrent('');
      setPassword('');
      toast('The password is set; you are signed out everywhere else');
      await client.invalidateQueries({ queryKey: ['session'] });
      await client.invalidateQueries({ queryKey: SESSIONS });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <form className="stack" style={{ maxWidth: 340, marginTop: 12 }} onSubmit={submit}>
      {hasPassword && (
        <PasswordField
          label="Present password"
          value={current}
          onChange={setCurrent}
          problem={problemOf(saving.error, 'current')}
        />
      )}
      <PasswordField
        label="New password"
        isNew
        value={password}
        onChange={setPassword}
        problem={problemOf(saving.error, 'password')}
      />
      {isOfNoField(saving.error, ['current', 'password']) && <ErrorPanel error={saving.error} />}
      <div>
        <button type="submit" className="button primary" disabled={saving.isPending}>
          Save
        </button>
      </div>
    </form>
  );
}

function Sessions() {
  const client = useQueryClient();
  const sessions = useQuery({ queryKey: SESSIONS, queryFn: () => listSessions({}) });
  const again = () => client.invalidateQueries({ queryKey: SESSIONS });
  const ending = useMutation({
    mutationFn: (session: number) => endSession({ params: { session } }),
    onSuccess: again,
    onError: toastError,
  });
  const endingOthers = useMutation({
    mutationFn: () => endOtherSessions({}),
    onSuccess: async ({ ended }) => {
      toast(`${plural(ended, 'session')} ended`);
      await again();
    },
    onError: toastError,
  });
  const list = sessions.data?.sessions ?? [];
  return (
    <section className="stack tight">
      <div className="row apart">
        <h2>Where you are signed in</h2>
        {list.length > 1 && (
          <button type="button" className="button" onClick={() => endingOthers.mutate()}>
            Sign out everywhere else
          </button>
        )}
      </div>
      <Pending query={sessions} rows={3} />
      {list.length > 0 && (
        <Region label="Sessions">
          <table className="table">
            <thead>
              <tr>
                <th>Browser</th>
                <th>Address</th>
                <th>Since</th>
                <th>Last seen</th>
                <th>Ends</th>
                <th aria-label="What can be done" />
              </tr>
            </thead>
            <tbody>
              {list.map((session) => (
                <SessionRow key={session.id} session={session} onEnd={() => ending.mutate(session.id)} />
              ))}
            </tbody>
          </table>
        </Region>
      )}
    </section>
  );
}

function SessionRow({ session, onEnd }: { session: OpenSession; onEnd: () => void }) {
  return (
    <tr>
      <td title={session.client ?? undefined}>{programIn(session.client)}</td>
      <td className="mono">{session.address ?? '–'}</td>
      <td>
        <Ago at={session.createdAt} />
      </td>
      <td>
        <Ago at={session.seenAt} />
      </td>
      <td>
        <Ago at={session.endsAt} />
      </td>
      <td className="number">
        {session.isCurrent ? (
          <span className="dim">this one</span>
        ) : (
          <button type="button" className="button quiet" onClick={onEnd}>
            Sign out
          </button>
        )}
      </td>
    </tr>
  );
}
