import { getRouteApi } from '@tanstack/react-router';
import { mayNot, useProject } from '../../lib/me.ts';
import { ApiKeys } from '../../ui/api-keys/api-keys.tsx';

const route = getRouteApi('/inside/p/$project/settings');

/** Keys that belong to a project and not to a person. */
export default function ProjectKeysPage() {
  const { project } = route.useParams();
  const role = useProject(project)?.role;
  return <ApiKeys place={{ project }} refusal={mayNot(role, 'manage')} example={project} />;
}
