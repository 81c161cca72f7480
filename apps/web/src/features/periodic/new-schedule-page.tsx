import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { createSchedule } from '../../api/schedules.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { preferences } from '../../lib/preferences.ts';
import { zoneOfViewer } from '../../lib/zones.ts';
import { Page } from '../../ui/page.tsx';
import { toast } from '../../ui/toasts.tsx';
import { emptyPlan } from './draft.ts';
import { useReadAgain } from './queries.ts';
import { ScheduleForm } from './schedule-form.tsx';

const route = getRouteApi('/inside/p/$project/periodic/new');

export default function NewSchedulePage() {
  const { project } = route.useParams();
  const { spider } = route.useSearch();
  const navigate = useNavigate();
  const again = useReadAgain(project);
  const refusal = mayNot(useProject(project)?.role, 'develop');
  const empty = emptyPlan(preferences().zone === 'utc' ? 'UTC' : zoneOfViewer());
  const [task] = empty.tasks;
  const initial = spider && task ? { ...empty, tasks: [{ ...task, spider }] } : empty;
  return (
    <Page title="New periodic job">
      <ScheduleForm
        project={project}
        initial={initial}
        refusal={refusal}
        verb="Plan it"
        save={(body) => createSchedule({ params: { project }, body })}
        onSaved={async ({ id }) => {
          toast('It is planned');
          await again();
          await navigate({ to: '/p/$project/periodic/$schedule', params: { project, schedule: id } });
        }}
        onCancel={() => void navigate({ to: '/p/$project/periodic', params: { project } })}
      />
    </Page>
  );
}
