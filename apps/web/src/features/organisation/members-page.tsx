import { getRouteApi } from '@tanstack/react-router';
import { useOrganisation } from '../../lib/me.ts';
import { People } from '../../ui/people/people.tsx';

const route = getRouteApi('/inside/o/$organisation');

/** Who is what in an organisation, and who is invited. */
export default function MembersPage() {
  const { organisation } = route.useParams();
  const { data } = useOrganisation(organisation);
  return <People place={{ organisation }} role={data?.role} />;
}
