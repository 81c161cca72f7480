import { useEffect, useState } from 'react';
import { whenSessionIsGone } from '../api/client.ts';
import { Dialog } from '../ui/dialog.tsx';
import { SignInForm } from '../ui/sign-in-form.tsx';

/** Over the page, which keeps what was typed, when the service does not know the session any more. */
export function SessionGone({ name, onBack }: { name: string | undefined; onBack: () => void }) {
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    whenSessionIsGone(() => setGone(true));
    return () => whenSessionIsGone(null);
  }, []);
  return (
    <Dialog open={isGone} title="You are signed out">
      <div className="body stack">
        <p>Your session has ended. Sign in again and go on where you were; nothing that you typed is lost.</p>
        <SignInForm
          {...(name !== undefined && { name })}
          onDone={() => {
            setGone(false);
            onBack();
          }}
        />
      </div>
    </Dialog>
  );
}
