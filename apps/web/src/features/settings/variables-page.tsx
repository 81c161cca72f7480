import { getRouteApi } from '@tanstack/react-router';
import { mayNot, useProject } from '../../lib/me.ts';
import { ProjectSettings } from './project-settings.tsx';
import { Variables } from './variables.tsx';

const route = getRouteApi('/inside/p/$project/settings');

/** What crawls of the project are given: environment variables, and settings of Scrapy. */
export default function VariablesPage() {
  const { project } = route.useParams();
  const refusal = mayNot(useProject(project)?.role, 'develop');
  if (refusal !== null) return <p className="note">{refusal}.</p>;
  return (
    <div className="stack wide">
      <Variables project={project} />
      <ProjectSettings project={project} />
    </div>
  );
}
