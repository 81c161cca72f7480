import { type FormEvent, useState } from 'react';
import type { ApiKey } from '../../api/keys.ts';
import { ErrorPanel } from '../feedback.tsx';
import { Field } from '../field.tsx';
import type { useApiKeys } from './use-api-keys.ts';

const HOUR = 3600;
const GRACES = [
  [0, 'ends at once'],
  [HOUR, 'goes on for an hour'],
  [24 * HOUR, 'goes on for a day'],
  [7 * 24 * HOUR, 'goes on for a week'],
  [30 * 24 * HOUR, 'goes on for 30 days'],
] as const;

interface RotateKeyProps {
  apiKey: ApiKey;
  rotating: ReturnType<typeof useApiKeys>['rotate'];
}

/** Another key for the same, beside the old one until that ends. */
export function RotateKey({ apiKey, rotating }: RotateKeyProps) {
  const [graceSeconds, setGrace] = useState(24 * HOUR);
  function submit(event: FormEvent) {
    event.preventDefault();
    rotating.mutate({ apikey: apiKey.id, graceSeconds });
  }
  return (
    <form className="dialog-form" onSubmit={submit}>
      <div className="body stack">
        <p>The new key is good for the same. Time for those who use the old one to change over:</p>
        <Field label="The old key">
          {(props) => (
            <select
              {...props}
              className="select"
              value={graceSeconds}
              onChange={(event) => setGrace(Number(event.target.value))}
            >
              {GRACES.map(([seconds, words]) => (
                <option key={seconds} value={seconds}>
                  {words}
                </option>
              ))}
            </select>
          )}
        </Field>
        {rotating.error && <ErrorPanel error={rotating.error} />}
      </div>
      <footer>
        <button type="submit" className="button primary" disabled={rotating.isPending}>
          Make the new key
        </button>
      </footer>
    </form>
  );
}
