import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { changeSchedule, type Schedule } from '../../api/schedules.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { toast } from '../../ui/toasts.tsx';
import { planOf } from './draft.ts';
import { scheduleQuery, useReadAgain } from './queries.ts';
import { ScheduleForm } from './schedule-form.tsx';

const route = getRouteApi('/inside/p/$project/periodic/$schedule/edit');

export default function EditSchedulePage() {
  const { project, schedule } = route.useParams();
  // What is typed is not taken away by what others do meanwhile: the revision tells when saving.
  const query = useQuery({ ...scheduleQuery(project, schedule), refetchInterval: false });
  return (
    <Page title={`Change periodic job ${schedule}`}>
      <Pending query={query} />
      {query.data && <Editor project={project} schedule={query.data} />}
    </Page>
  );
}

function Editor({ project, schedule }: { project: number; schedule: Schedule }) {
  const navigate = useNavigate();
  const again = useReadAgain(project);
  const refusal = mayNot(useProject(project)?.role, 'develop');
  // As it was when the form was opened, whatever is read meanwhile.
  const [before] = useState(schedule);
  const params = { project, schedule: before.id };
  const back = () => navigate({ to: '/p/$project/periodic/$schedule', params });
  return (
    <ScheduleForm
      project={project}
      initial={planOf(before)}
      refusal={refusal}
      verb="Save"
      save={(plan) => changeSchedule({ params, body: { ...plan, revision: before.revision } })}
      onSaved={async () => {
        toast('The periodic job is changed');
        await again();
        await back();
      }}
      onCancel={() => void back()}
    />
  );
}
