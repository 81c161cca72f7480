import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { rememberCsrfToken } from '../../api/client.ts';
import { signIn } from '../../api/session.ts';
import { forgetAll } from '../../lib/me.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { SignInForm } from '../../ui/sign-in-form.tsx';
import { useToken } from './use-token.ts';

const route = getRouteApi('/alone/sign-in');

export default function SignInPage() {
  const { next = '/' } = route.useSearch();
  const token = useToken();
  const client = useQueryClient();
  const router = useRouter();
  const used = useRef(false);
  const [problem, setProblem] = useState<unknown>(null);
  const [isEntering, setEntering] = useState(token !== null);

  async function enter() {
    await forgetAll(client);
    router.history.push(next);
  }

  useEffect(() => {
    document.title = 'Sign in · Spiderhub';
    // A link works once: an effect that runs twice would find it used.
    if (token === null || used.current) return;
    used.current = true;
    signIn({ body: { token } })
      .then(async ({ csrfToken }) => {
        rememberCsrfToken(csrfToken);
        await enter();
      })
      .catch((error: unknown) => {
        setProblem(error);
        setEntering(false);
      });
  });

  if (isEntering) return <p role="status">Signing in …</p>;
  return (
    <>
      <h1>Sign in</h1>
      {problem !== null && <ErrorPanel error={problem} />}
      <SignInForm onDone={() => void enter()} />
      <div className="stack tight small dim">
        <p>No password yet, or forgotten? An operator of this Spiderhub makes a link for you:</p>
        <CommandLine text="npm run admin -- user link --name NAME" />
      </div>
    </>
  );
}
