import type { ApiKey } from '../../api/keys.ts';
import { Ago } from '../time.tsx';

/** What stops working, before it does. */
export function RevokeKey({ apiKey, onRevoke }: { apiKey: ApiKey; onRevoke: () => void }) {
  const { hint, lastUse } = apiKey;
  return (
    <>
      <div className="body stack">
        <p>
          <code>{hint}…</code> is refused everywhere within a second, for good.
        </p>
        {lastUse ? (
          <p className="anywhere">
            It was used last <Ago at={lastUse.at} /> from <bdi>{lastUse.address ?? 'an unknown address'}</bdi>
            {lastUse.client && (
              <>
                {' '}
                by <code>{lastUse.client}</code>
              </>
            )}
            .
          </p>
        ) : (
          <p>Nobody has used it.</p>
        )}
      </div>
      <footer>
        <button type="button" className="button danger" onClick={onRevoke}>
          Revoke
        </button>
      </footer>
    </>
  );
}
