import { Ellipsis, UserPlus } from 'lucide-react';
import { useState } from 'react';
import { type Member, ROLES, type Role } from '../../api/organisations.ts';
import { isolated } from '../../lib/isolated.ts';
import { mayNot, useMe } from '../../lib/me.ts';
import { Dialog } from '../dialog.tsx';
import { Pending } from '../feedback.tsx';
import { Menu, MenuItem } from '../menu.tsx';
import { Region } from '../region.tsx';
import { Ago } from '../time.tsx';
import { Invite, LinkToHandOn } from './invite.tsx';
import { type Place, usePeople } from './use-people.ts';

interface PeopleProps {
  place: Place;
  /** What the caller is there; null for staff. */
  role: Role | null | undefined;
}

/** Who is what in an organisation or a project, and who is invited. */
export function People({ place, role }: PeopleProps) {
  const refusal = role === undefined ? '…' : mayNot(role, 'manage');
  const people = usePeople(place, refusal === null);
  const [isInviting, setInviting] = useState(false);
  const [leaving, setLeaving] = useState<Member | null>(null);
  return (
    <div className="stack wide">
      <div className="row apart">
        <p className="dim">
          Roles add up: what somebody is in the organisation counts in all of its projects.
        </p>
        <button
          type="button"
          className="button primary"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => setInviting(true)}
        >
          <UserPlus size={14} /> Invite
        </button>
      </div>
      <Pending query={people.members} />
      {people.members.data && people.members.data.members.length === 0 && (
        <p className="dim">Nobody has a role in this project alone; the organisation's members reach it.</p>
      )}
      {people.members.data && people.members.data.members.length > 0 && (
        <Members
          members={people.members.data.members}
          refusal={refusal}
          people={people}
          onRemove={setLeaving}
        />
      )}
      {refusal === null && <Invitations people={people} />}
      <Dialog
        open={isInviting}
        onClose={() => {
          setInviting(false);
          people.invite.reset();
        }}
        title="Invite somebody"
      >
        <Invite people={people} />
      </Dialog>
      <Dialog
        open={people.passwordLink.data !== undefined}
        onClose={() => people.passwordLink.reset()}
        title="Link to set a password"
      >
        {people.passwordLink.data && (
          <div className="body">
            <LinkToHandOn made={people.passwordLink.data} />
          </div>
        )}
      </Dialog>
      <Dialog
        open={leaving !== null}
        onClose={() => setLeaving(null)}
        title={`Remove ${isolated(leaving?.name ?? '')}?`}
      >
        <div className="body">They lose what they may do here at once. What they have made stays.</div>
        <footer>
          <button
            type="button"
            className="button danger"
            onClick={() => {
              if (leaving) people.remove.mutate(leaving.user);
              setLeaving(null);
            }}
          >
            Remove
          </button>
        </footer>
      </Dialog>
    </div>
  );
}

type Calls = ReturnType<typeof usePeople>;

interface MembersProps {
  members: readonly Member[];
  refusal: string | null;
  people: Calls;
  onRemove: (member: Member) => void;
}

function Members({ members, refusal, people, onRemove }: MembersProps) {
  const me = useMe();
  return (
    <Region label="Members">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Role</th>
            <th>Since</th>
            <th>Last seen</th>
            <th aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.user}>
              <td className="strong">
                <bdi>{member.name}</bdi> {member.user === me?.user && <span className="dim">(you)</span>}
              </td>
              <td>
                <RoleOf
                  member={member}
                  refusal={refusal}
                  onChange={(role) => people.change.mutate({ user: member.user, role })}
                />
              </td>
              <td>
                <Ago at={member.since} />
              </td>
              <td>
                <Ago at={member.seenAt} fallback="not signed in" />
              </td>
              <td className="number">
                {refusal === null && (
                  <Menu trigger={<Ellipsis size={14} />} label={`What can be done with ${member.name}`}>
                    {people.makesPasswordLinks && (
                      <MenuItem onSelect={() => people.passwordLink.mutate(member.user)}>
                        Link to set a password
                      </MenuItem>
                    )}
                    <MenuItem onSelect={() => onRemove(member)}>Remove</MenuItem>
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

interface RoleOfProps {
  member: Member;
  refusal: string | null;
  onChange: (role: Role) => void;
}

function RoleOf({ member, refusal, onChange }: RoleOfProps) {
  if (refusal !== null) return member.role;
  return (
    <select
      className="select"
      aria-label={`Role of ${member.name}`}
      value={member.role}
      onChange={(event) => onChange(event.target.value as Role)}
    >
      {ROLES.map((role) => (
        <option key={role}>{role}</option>
      ))}
    </select>
  );
}

function Invitations({ people }: { people: Calls }) {
  const list = people.invitations.data?.invitations ?? [];
  if (list.length === 0) return <Pending query={people.invitations} rows={2} />;
  return (
    <section className="stack tight">
      <h2>Invitations that still wait</h2>
      <Region label="Invitations">
        <table className="table">
          <thead>
            <tr>
              <th>For</th>
              <th>Role</th>
              <th>Made by</th>
              <th>Made</th>
              <th>Ends</th>
              <th aria-label="What can be done" />
            </tr>
          </thead>
          <tbody>
            {list.map(({ id, role, email, madeBy, createdAt, expiresAt }) => (
              <tr key={id}>
                <td>{email ?? <span className="dim">who has the link</span>}</td>
                <td>{role}</td>
                <td>{madeBy}</td>
                <td>
                  <Ago at={createdAt} />
                </td>
                <td>
                  <Ago at={expiresAt} />
                </td>
                <td className="number">
                  <button type="button" className="button quiet" onClick={() => people.withdraw.mutate(id)}>
                    Take back
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Region>
    </section>
  );
}
