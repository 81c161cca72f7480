import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { deployEgg } from '../../api/versions.ts';
import { bytes } from '../../lib/format.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';

interface DeployDialogProps {
  project: number;
  egg: File;
  onClose: () => void;
}

/** Deploys an egg under a name, and shows the log of the build as it grows. */
export function DeployDialog({ project, egg, onClose }: DeployDialogProps) {
  const [version, setVersion] = useState(() => versionFor(egg));
  const [log, setLog] = useState('');
  const end = useRef<HTMLPreElement>(null);
  const deploying = useMutation({ mutationFn: () => deployEgg(project, egg, version, setLog) });
  const { data, error, isPending } = deploying;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the end stays in sight while the log grows
  useEffect(() => {
    if (end.current) end.current.scrollTop = end.current.scrollHeight;
  }, [log]);
  useAskBeforeLeaving(isPending);
  function submit(event: FormEvent) {
    event.preventDefault();
    setLog('');
    deploying.mutate();
  }
  return (
    <Dialog open wide onClose={isPending ? undefined : onClose} title="Deploy an egg">
      <form onSubmit={submit} className="dialog-form">
        <div className="body stack">
          <p className="anywhere">
            {egg.name}, {bytes(egg.size)}
          </p>
          <label className="field">
            <span className="label">Version</span>
            <input
              className="input mono"
              required
              disabled={isPending || data?.ok === true}
              value={version}
              onChange={(event) => setVersion(event.target.value)}
            />
          </label>
          {log !== '' && (
            <pre ref={end} className="build-log">
              {log}
            </pre>
          )}
          {isPending && <p role="status">Building …</p>}
          {error && <ErrorPanel error={error} />}
          {data && (
            <p className={data.ok ? 'note ok' : 'note fail'} role={data.ok ? 'status' : 'alert'}>
              {data.message}
            </p>
          )}
        </div>
        <footer>
          {data?.ok ? (
            <button type="button" className="button primary" onClick={onClose}>
              Done
            </button>
          ) : (
            <button type="submit" className="button primary" disabled={isPending}>
              Deploy
            </button>
          )}
        </footer>
      </form>
    </Dialog>
  );
}

/** A tab that is closed takes an upload with it: the browser asks first. */
function useAskBeforeLeaving(isBusy: boolean): void {
  useEffect(() => {
    if (!isBusy) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [isBusy]);
}

/** A name that sorts by time when the file's own says nothing. */
function versionFor({ name, lastModified }: File): string {
  const [, own] = /-([\d.]+[\w.]*?)-py/.exec(name) ?? [];
  const day = new Date(lastModified).toISOString().slice(0, 16).replaceAll(/[-:]/g, '').replace('T', '-');
  return own && own !== '0.0.0' ? `${own}-${day}` : day;
}
