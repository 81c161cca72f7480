import { getRouteApi } from '@tanstack/react-router';
import { mayNot, useProject } from '../../lib/me.ts';
import { AuditLog } from '../../ui/audit/audit-log.tsx';

const route = getRouteApi('/inside/p/$project/settings');

/** What was done in a project. */
export default function ProjectAuditPage() {
  const { project } = route.useParams();
  return <AuditLog place={{ project }} refusal={mayNot(useProject(project)?.role, 'manage')} />;
}
