import { useEffect, useState } from 'react';
import { rememberCsrfToken, whenSessionIsGone } from '../api/client.ts';
import { readSession } from '../api/session.ts';
import { Dialog } from '../ui/dialog.tsx';
import { SignInForm } from '../ui/sign-in-form.tsx';

interface SessionGoneProps {
  /** Who was signed in. */
  name: string | undefined;
  onBack: () => void;
}

/** Over the page, which keeps what was typed, when the service does not know the session any more. */
export function SessionGone({ name, onBack }: SessionGoneProps) {
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    whenSessionIsGone(() => setGone(true));
    return () => whenSessionIsGone(null);
  }, []);
  function goOn() {
    setGone(false);
    onBack();
  }
  useEffect(() => {
    if (!isGone) return;
    // Signed in again in another tab, by a link say: this one goes on, too.
    const look = () =>
      readSession({}).then(
        ({ user, csrfToken }) => {
          if (user.name !== name) return;
          rememberCsrfToken(csrfToken);
          goOn();
        },
        () => {},
      );
    window.addEventListener('focus', look);
    return () => window.removeEventListener('focus', look);
  });
  return (
    <Dialog open={isGone} title="You are signed out">
      <div className="body stack">
        <p>Your session has ended. Sign in again and go on where you were; nothing that you typed is lost.</p>
        <SignInForm {...(name !== undefined && { name })} onDone={goOn} />
        <p className="small dim">
          No password?{' '}
          <a href="/sign-in" target="_blank" rel="noreferrer">
            Other ways to sign in
          </a>
          , in another tab; come back here then.
        </p>
      </div>
    </Dialog>
  );
}
