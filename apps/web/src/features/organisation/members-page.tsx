import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { readOrganisation } from '../../api/organisations.ts';
import { Page } from '../../ui/page.tsx';
import { People } from '../../ui/people/people.tsx';

const route = getRouteApi('/inside/o/$organisation');

/** Who is what in an organisation, and who is invited. */
export default function MembersPage() {
  const { organisation } = route.useParams();
  const { data } = useQuery({
    queryKey: ['organisation', organisation],
    queryFn: () => readOrganisation({ params: { organisation } }),
  });
  return (
    <Page title={data ? `Members of ${data.name}` : 'Members'} narrow>
      <People place={{ organisation }} role={data?.role} />
    </Page>
  );
}
