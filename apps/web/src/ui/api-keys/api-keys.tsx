import { KeyRound } from 'lucide-react';
import { useState } from 'react';
import type { ApiKey } from '../../api/keys.ts';
import { isolated } from '../../lib/isolated.ts';
import { Dialog } from '../dialog.tsx';
import { Empty, Pending } from '../feedback.tsx';
import { KeyTable, nameOf } from './key-table.tsx';
import { KeyLines } from './made-key.tsx';
import { NewKeyForm } from './new-key-form.tsx';
import { RevokeKey } from './revoke-key.tsx';
import { RotateKey } from './rotate-key.tsx';
import { type KeyPlace, useApiKeys } from './use-api-keys.ts';

interface ApiKeysProps {
  place: KeyPlace;
  /** Why the caller may not see or make keys here; null: it may. */
  refusal: string | null;
  /** A project for the lines that show how a key is used. */
  example?: number | undefined;
}

/** Keys of a person, a project or an organisation: which there are, what they are good for, and new ones. */
export function ApiKeys({ place, refusal, example }: ApiKeysProps) {
  const calls = useApiKeys(place, refusal === null);
  const [isMaking, setMaking] = useState(false);
  const [rotating, setRotating] = useState<ApiKey | null>(null);
  const [revoking, setRevoking] = useState<ApiKey | null>(null);
  const { keys, make, rotate } = calls;
  if (refusal !== null) return <p className="note">{refusal}.</p>;
  return (
    <div className="stack">
      {calls.makesKeys && (
        <div className="row apart">
          <p className="dim grow">{place === 'own' ? OWN : OF_PROJECT}</p>
          <button type="button" className="button primary" onClick={() => setMaking(true)}>
            <KeyRound size={14} /> New key
          </button>
        </div>
      )}
      <Pending query={keys} rows={3} />
      {keys.data?.keys.length === 0 && <NoKeys makesKeys={calls.makesKeys} />}
      {keys.data && keys.data.keys.length > 0 && (
        <KeyTable
          keys={keys.data.keys}
          showsOwner={typeof place === 'object' && 'organisation' in place}
          onRotate={calls.makesKeys ? setRotating : null}
          onRevoke={setRevoking}
        />
      )}
      <Dialog
        open={isMaking}
        wide
        title={make.data ? 'Your new key' : 'New key'}
        onClose={() => {
          setMaking(false);
          make.reset();
        }}
      >
        {make.data ? (
          <KeyLines made={make.data} example={example} />
        ) : (
          <NewKeyForm place={place} making={make} />
        )}
      </Dialog>
      <Dialog
        open={rotating !== null}
        wide
        title={rotate.data ? 'The key that takes its place' : `Replace ${rotating ? nameOf(rotating) : ''}`}
        onClose={() => {
          setRotating(null);
          rotate.reset();
        }}
      >
        {rotate.data ? (
          <KeyLines made={rotate.data} example={example} />
        ) : (
          rotating && <RotateKey apiKey={rotating} rotating={rotate} />
        )}
      </Dialog>
      <Dialog
        open={revoking !== null}
        title={`Revoke ${revoking ? isolated(nameOf(revoking)) : ''}?`}
        onClose={() => setRevoking(null)}
      >
        {revoking && (
          <RevokeKey
            apiKey={revoking}
            onRevoke={() => {
              calls.revoke.mutate(revoking.id);
              setRevoking(null);
            }}
          />
        )}
      </Dialog>
    </div>
  );
}

const OWN = 'A key may do what you may, or less. Programs show it as the user name, with any password.';
const OF_PROJECT = 'A key of the project stays when people come and go, and reaches nothing else.';

function NoKeys({ makesKeys }: { makesKeys: boolean }) {
  return (
    <Empty title="No key yet">
      <p>
        {makesKeys
          ? 'shub, python-scrapinghub, Scrapyd’s clients and curl sign in with a key. Make the first one here: it comes with the lines to copy.'
          : 'Neither a member nor a project of this organisation has a key.'}
      </p>
    </Empty>
  );
}
