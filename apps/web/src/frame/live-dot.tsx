import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError } from '../api/client.ts';
import { setLiveness, useLiveness } from '../lib/live.ts';

const CLASSES = { live: 'live on', 'catching up': 'live late', paused: 'live', off: 'live off' } as const;

/** Whether what is shown is what is: a dot and a word. */
export function LiveDot() {
  const liveness = useLiveness();
  const client = useQueryClient();
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ type, query }) => {
        if (type !== 'updated') return;
        const { error, status, fetchFailureReason } = query.state;
        const failure = error ?? fetchFailureReason;
        if (failure instanceof ApiError && failure.status === 0) setLiveness('off');
        else if (status === 'success' && !failure) setLiveness('live');
      }),
    [client],
  );
  return (
    <span className={CLASSES[liveness]} role="status">
      {liveness === 'off' ? (
        <button type="button" className="button quiet" onClick={() => void client.invalidateQueries()}>
          not connected, try again
        </button>
      ) : (
        liveness
      )}
    </span>
  );
}
