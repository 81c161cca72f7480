import { CommandLine } from '../../ui/command-line.tsx';
import { Dialog } from '../../ui/dialog.tsx';

interface SecretProps {
  secret: string;
  /** Whether one of before still signs beside it. */
  isRotated: boolean;
  onClose: () => void;
}

/** The only time that a secret is seen. */
export function SecretDialog({ secret, isRotated, onClose }: SecretProps) {
  return (
    <Dialog open title="The secret, this one time" onClose={onClose}>
      <div className="body stack">
        <p>
          Messages are signed with it. It is not shown again: put it where the receiver reads it.
          {isRotated && ' For 24 hours the one of before signs, too, so that nothing is refused meanwhile.'}
        </p>
        <CommandLine text={secret} label="Copy the secret" />
        <p className="dim">The receiver verifies with a library for Standard Webhooks, in Python so:</p>
        <CommandLine
          text={
            'from standardwebhooks.webhooks import Webhook\n' +
            'event = Webhook(SECRET).verify(body, headers)  # throws when it is not ours'
          }
        />
      </div>
      <footer>
        <button type="button" className="button primary" onClick={onClose}>
          I have it
        </button>
      </footer>
    </Dialog>
  );
}
