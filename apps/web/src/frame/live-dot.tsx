import { useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { ApiError } from '../api/client.ts';
import { connection } from '../lib/live/connection.ts';
import { setLiveness, useLiveness } from '../lib/live/liveness.ts';

const CLASSES = { live: 'live on', reconnecting: 'live late', paused: 'live', off: 'live off' } as const;

/** Whether what is shown is what is: a dot and a word. */
export function LiveDot() {
  const liveness = useLiveness();
  const client = useQueryClient();
  useEffect(
    () =>
      client.getQueryCache().subscribe(({ type, query }) => {
        // Where a stream is open it knows better.
        if (type !== 'updated' || connection.isWanted()) return;
        const { error, status, fetchFailureReason } = query.state;
        const failure = error ?? fetchFailureReason;
        if (failure instanceof ApiError && failure.status === 0) setLiveness('off');
        else if (status === 'success' && !failure) setLiveness('live');
      }),
    [client],
  );
  function tryAgain() {
    connection.reconnect();
    void client.invalidateQueries();
  }
  return (
    <span className={CLASSES[liveness]} role="status">
      {liveness === 'off' ? (
        <button type="button" className="button quiet" onClick={tryAgain}>
          not connected, try again
        </button>
      ) : (
        liveness
      )}
    </span>
  );
}
