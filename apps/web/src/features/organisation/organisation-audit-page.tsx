import { getRouteApi } from '@tanstack/react-router';
import { mayNot, useOrganisation } from '../../lib/me.ts';
import { AuditLog } from '../../ui/audit/audit-log.tsx';
import { Pending } from '../../ui/feedback.tsx';

const route = getRouteApi('/inside/o/$organisation');

/** What was done in an organisation and its projects. */
export default function OrganisationAuditPage() {
  const { organisation } = route.useParams();
  const query = useOrganisation(organisation);
  if (!query.data) return <Pending query={query} />;
  return <AuditLog place={{ organisation }} refusal={mayNot(query.data.role, 'manage')} />;
}
