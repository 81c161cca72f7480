import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { changeProject, type Project, readProject } from '../../api/organisations.ts';
import { mayNot } from '../../lib/me.ts';
import { ClientLines } from '../../ui/client-lines.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';
import { People } from '../../ui/people/people.tsx';
import { toast, toastError } from '../../ui/toasts.tsx';

const route = getRouteApi('/inside/p/$project/settings/');

/** The project itself, who works in it, and how programs reach it. */
export default function SettingsPage() {
  const { project } = route.useParams();
  const query = useQuery({
    queryKey: ['project', project],
    queryFn: () => readProject({ params: { project } }),
  });
  return (
    <div className="page narrow">
      <Pending query={query} />
      {query.data && (
        <>
          <Name key={query.data.name} project={query.data} />
          <Pause project={query.data} />
          <Clients project={query.data} />
          <section className="stack tight">
            <h2>People of this project alone</h2>
            <p className="dim">
              Members of{' '}
              <Link to="/o/$organisation/members" params={{ organisation: query.data.organisation.id }}>
                <bdi>{query.data.organisation.name}</bdi>
              </Link>{' '}
              reach it, too.
            </p>
            <People place={{ project }} role={query.data.role} />
          </section>
        </>
      )}
    </div>
  );
}

function useChange(project: number) {
  const client = useQueryClient();
  return async () => {
    await client.invalidateQueries({ queryKey: ['project', project] });
    await client.invalidateQueries({ queryKey: ['projects'] });
  };
}

function Name({ project }: { project: Project }) {
  const [name, setName] = useState(project.name);
  const again = useChange(project.id);
  const refusal = mayNot(project.role, 'manage');
  const saving = useMutation({
    mutationFn: () => changeProject({ params: { project: project.id }, body: { name } }),
    onSuccess: () => {
      toast('The project has another name');
      return again();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <section className="panel padded">
      <form className="stack" onSubmit={submit}>
        <Field
          label="Name"
          hint={`Number ${project.id}, which programs use, stays`}
          problem={problemOf(saving.error, 'name')}
        >
          {(props) => (
            <input
              {...props}
              className="input"
              style={{ maxWidth: 340 }}
              required
              disabled={refusal !== null}
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        {isOfNoField(saving.error, ['name']) && <ErrorPanel error={saving.error} />}
        <div>
          <button
            type="submit"
            className="button"
            disabled={refusal !== null || saving.isPending || name === project.name}
            title={refusal ?? undefined}
          >
            Save
          </button>
        </div>
      </form>
    </section>
  );
}

function Pause({ project }: { project: Project }) {
  const again = useChange(project.id);
  const refusal = mayNot(project.role, 'manage');
  const pausing = useMutation({
    mutationFn: () => changeProject({ params: { project: project.id }, body: { paused: !project.paused } }),
    onSuccess: again,
    onError: toastError,
  });
  return (
    <section className="panel padded row">
      <div className="grow">
        <h3>{project.paused ? 'The project is paused' : 'The project is active'}</h3>
        <p className="dim">Jobs of a paused project stay pending; what runs goes on.</p>
      </div>
      <button
        type="button"
        className="button"
        disabled={refusal !== null || pausing.isPending}
        title={refusal ?? undefined}
        onClick={() => pausing.mutate()}
      >
        {project.paused ? 'Resume' : 'Pause'}
      </button>
    </section>
  );
}

function Clients({ project: { id } }: { project: Project }) {
  return (
    <section className="panel">
      <div className="title">
        <h2>For programs</h2>
        <Link to="/p/$project/settings/keys" params={{ project: id }} className="push">
          Make a key
        </Link>
      </div>
      <div className="content stack">
        <ClientLines project={id} />
      </div>
    </section>
  );
}
