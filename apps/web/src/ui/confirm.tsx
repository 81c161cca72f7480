import type { ReactNode } from 'react';
import { Dialog } from './dialog.tsx';
import { ErrorPanel } from './feedback.tsx';

interface ConfirmProps {
  title: string;
  /** What follows, and what does not. */
  children: ReactNode;
  /** The word on the button that does it. */
  verb: string;
  onConfirm: () => void;
  onClose: () => void;
  isBusy: boolean;
  error: unknown;
}

/** Asks before something is done that cannot be taken back. */
export function Confirm({ title, children, verb, onConfirm, onClose, isBusy, error }: ConfirmProps) {
  return (
    <Dialog open onClose={onClose} title={title}>
      <div className="body stack">
        {children}
        {error ? <ErrorPanel error={error} /> : null}
      </div>
      <footer>
        <button type="button" className="button" onClick={onClose}>
          Keep it
        </button>
        <button type="button" className="button danger" disabled={isBusy} onClick={onConfirm}>
          {verb}
        </button>
      </footer>
    </Dialog>
  );
}
