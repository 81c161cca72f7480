import { X } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { messageOf } from './feedback.tsx';

interface Toast {
  id: number;
  text: string;
  kind: 'ok' | 'fail';
}

const SHOWN_MS = 6000;
const listeners = new Set<() => void>();
let toasts: readonly Toast[] = [];
let last = 0;

function change(next: readonly Toast[]): void {
  toasts = next;
  for (const tell of listeners) tell();
}

const drop = (id: number) => change(toasts.filter((toast) => toast.id !== id));

/** Says in a corner what became of something. Failures stay until they are closed. */
export function toast(text: string, kind: Toast['kind'] = 'ok'): void {
  last += 1;
  const id = last;
  change([...toasts.slice(-3), { id, text, kind }]);
  if (kind === 'ok') setTimeout(() => drop(id), SHOWN_MS);
}

/** For the `onError` of what is done without a place for its error. */
export const toastError = (error: unknown): void => toast(messageOf(error), 'fail');

export function Toasts() {
  const shown = useSyncExternalStore(
    (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
    () => toasts,
  );
  return (
    <section className="toasts" aria-label="Messages" aria-live="polite">
      {shown.map(({ id, text, kind }) => (
        <div key={id} className={`toast note ${kind}`}>
          <span className="grow anywhere">{text}</span>
          <button
            type="button"
            className="button quiet icon"
            aria-label="Close message"
            onClick={() => drop(id)}
          >
            <X size={14} />
          </button>
        </div>
      ))}
    </section>
  );
}
