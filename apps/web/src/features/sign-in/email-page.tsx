import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useRouter } from '@tanstack/react-router';
import { confirmEmail } from '../../api/session.ts';
import { forgetAll, meQuery } from '../../lib/me.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { SignInForm } from '../../ui/sign-in-form.tsx';
import { NoToken } from './password-page.tsx';
import { useFragment } from './use-fragment.ts';

/** The link in a mail that shows that an address is one's own: it is taken by who is signed in, and nobody else. */
export default function EmailPage() {
  const token = useFragment('token');
  const client = useQueryClient();
  const router = useRouter();
  const me = useQuery({ ...meQuery, retry: false });
  const taking = useMutation({
    mutationFn: () => confirmEmail({ body: { token: token ?? '' } }),
    onSuccess: async () => {
      await forgetAll(client);
      router.history.push('/account');
    },
  });
  if (token === null) return <NoToken />;
  if (!me.data) {
    return (
      <>
        <h1>Sign in to take the address</h1>
        <SignInForm onDone={() => void forgetAll(client)} />
      </>
    );
  }
  return (
    <div className="stack">
      <h1>Your e-mail address</h1>
      <p>The address that this link was sent to becomes the one of {me.data.name}.</p>
      {taking.error && <ErrorPanel error={taking.error} />}
      <button
        type="button"
        className="button primary"
        disabled={taking.isPending}
        onClick={() => taking.mutate()}
      >
        It is mine
      </button>
    </div>
  );
}
