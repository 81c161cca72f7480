import { useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link, useRouter } from '@tanstack/react-router';
import { useEffect, useRef, useState } from 'react';
import { rememberCsrfToken } from '../../api/client.ts';
import { signIn } from '../../api/session.ts';
import { forgetAll, useSignInWays } from '../../lib/me.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { SignInForm } from '../../ui/sign-in-form.tsx';
import { OpenIdButton } from './openid-button.tsx';
import { wordsOf } from './openid-words.ts';
import { useFragment } from './use-fragment.ts';

const route = getRouteApi('/alone/sign-in');

export default function SignInPage() {
  const { next = '/' } = route.useSearch();
  const token = useFragment('token');
  const refusal = useFragment('error');
  const client = useQueryClient();
  const router = useRouter();
  const used = useRef(false);
  const [problem, setProblem] = useState<unknown>(refusal === null ? null : new Error(wordsOf(refusal)));
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
      <OtherWays />
      <SignInForm onDone={() => void enter()} />
      <Forgotten />
    </>
  );
}

function OtherWays() {
  const ways = useSignInWays();
  if (!ways?.openId) return null;
  return (
    <>
      <OpenIdButton name={ways.openId.name} />
      <p className="or dim">or</p>
    </>
  );
}

/** By mail where that is set up, else from somebody who may make links. */
function Forgotten() {
  const ways = useSignInWays();
  if (!ways) return null;
  if (ways.mail) return <Link to="/forgotten">No password yet, or forgotten?</Link>;
  return (
    <div className="stack tight small dim">
      <p>
        No password yet, or forgotten? An admin of your organisation makes a link for you on its page Members,
        or an operator of this Spiderhub by
      </p>
      <CommandLine text="npm run admin -- user link --name NAME" />
    </div>
  );
}
