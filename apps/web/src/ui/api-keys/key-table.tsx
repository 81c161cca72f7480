import { Ellipsis } from 'lucide-react';
import type { ApiKey } from '../../api/keys.ts';
import { plural } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import { programIn } from '../../lib/program-in.ts';
import { Menu, MenuItem } from '../menu.tsx';
import { Region } from '../region.tsx';
import { Ago } from '../time.tsx';

interface KeyTableProps {
  keys: readonly ApiKey[];
  showsOwner: boolean;
  /** Null: keys are not replaced here. */
  onRotate: ((key: ApiKey) => void) | null;
  onRevoke: (key: ApiKey) => void;
}

/** Which keys there are: those that work first, then those that ended in the last days. */
export function KeyTable({ keys, showsOwner, onRotate, onRevoke }: KeyTableProps) {
  const sorted = keys.toSorted((a, b) => Number(b.isGood) - Number(a.isGood));
  return (
    <Region label="Keys">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            {showsOwner && <th>Whose</th>}
            <th>Good for</th>
            <th>Ends</th>
            <th>Last use</th>
            <th>Made</th>
            <th aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {sorted.map((key) => (
            <tr key={key.id} className={key.isGood ? 'two-lines' : 'two-lines left'}>
              <td>
                {key.name !== '' && (
                  <div className="strong cut" style={{ maxWidth: 220 }} title={key.name}>
                    {key.name}
                  </div>
                )}
                <div className="mono small dim">{key.hint}…</div>
              </td>
              {showsOwner && <td>{ownerOf(key)}</td>}
              <td>
                <Terms of={key} />
              </td>
              <td>
                <End of={key} />
              </td>
              <td>
                <LastUse of={key} />
              </td>
              <td title={`by ${key.madeBy}`}>
                <Ago at={key.createdAt} />
              </td>
              <td className="number">
                {key.isGood && (
                  <Menu trigger={<Ellipsis size={14} />} label={`What can be done with ${nameOf(key)}`}>
                    {onRotate && key.replacedBy === null && (
                      <MenuItem onSelect={() => onRotate(key)}>Replace</MenuItem>
                    )}
                    <MenuItem onSelect={() => onRevoke(key)}>Revoke</MenuItem>
                  </Menu>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Region>
  );
}

/** Keys of before have no name. */
export const nameOf = ({ name, hint }: ApiKey): string => name || `${hint}…`;

function ownerOf({ user, project }: ApiKey) {
  return user ? user.name : <span className="dim">project {project}</span>;
}

/** What a key may do, and where: the whole of it in the title. */
function Terms({ of: { actions, projects, role, networks, user } }: { of: ApiKey }) {
  const what = actions
    ? plural(actions.length, 'action')
    : user
      ? 'all that its owner may'
      : 'all that it may';
  const where = projects ? ` in ${plural(projects.length, 'project')}` : '';
  const title = [
    actions?.join(', '),
    projects && `projects ${projects.join(', ')}`,
    networks && `from ${networks.join(', ')}`,
  ];
  return (
    <div title={title.filter(Boolean).join('\n')}>
      {role && <span>{role}, </span>}
      {what}
      {where}
      {networks && <div className="small dim">from {networks.map(isolated).join(', ')}</div>}
    </div>
  );
}

function End({ of: { isGood, expiresAt, revokedAt, replacedBy } }: { of: ApiKey }) {
  if (revokedAt) {
    return (
      <span className="bad">
        revoked <Ago at={revokedAt} />
      </span>
    );
  }
  if (!isGood) {
    return (
      <span className="bad">
        over <Ago at={expiresAt} />
      </span>
    );
  }
  if (expiresAt === null) return <span className="dim">never</span>;
  return (
    <>
      <Ago at={expiresAt} />
      {replacedBy !== null && <div className="small dim">another took its place</div>}
    </>
  );
}

/** When, from where and with what: who looks for a forgotten key, or a stolen one, needs all three. */
function LastUse({ of: { lastUse } }: { of: ApiKey }) {
  if (!lastUse) return <span className="dim">not used</span>;
  return (
    <>
      <Ago at={lastUse.at} />
      <div className="small dim cut" style={{ maxWidth: 220 }} title={lastUse.client ?? undefined}>
        <bdi>{lastUse.address ?? ''}</bdi> {lastUse.client && `· ${programIn(lastUse.client)}`}
      </div>
    </>
  );
}
