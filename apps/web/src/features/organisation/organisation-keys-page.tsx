import { getRouteApi } from '@tanstack/react-router';
import { mayNot, useOrganisation } from '../../lib/me.ts';
import { ApiKeys } from '../../ui/api-keys/api-keys.tsx';
import { Pending } from '../../ui/feedback.tsx';

const route = getRouteApi('/inside/o/$organisation');

/** All keys that reach into an organisation: those of its projects and of its members. */
export default function OrganisationKeysPage() {
  const { organisation } = route.useParams();
  const query = useOrganisation(organisation);
  if (!query.data) return <Pending query={query} />;
  return (
    <div className="stack">
      <p className="dim">
        Keys of this organisation's projects and of its members. Members make keys in their account, admins
        make keys of a project in its settings.
      </p>
      <ApiKeys place={{ organisation }} refusal={mayNot(query.data.role, 'manage')} />
    </div>
  );
}
