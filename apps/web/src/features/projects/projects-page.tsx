import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Plus } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import {
  createProject,
  listOrganisations,
  type Organisation,
  type Project,
} from '../../api/organisations.ts';
import { mayNot, projectsQuery } from '../../lib/me.ts';
import { CommandLine } from '../../ui/command-line.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { Empty, ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';
import { Page } from '../../ui/page.tsx';
import { Region } from '../../ui/region.tsx';

export default function ProjectsPage() {
  const projects = useQuery(projectsQuery);
  const organisations = useQuery({ queryKey: ['organisations'], queryFn: () => listOrganisations({}) });
  const [isMaking, setMaking] = useState(false);
  const mine = (organisations.data?.organisations ?? []).filter(
    ({ role }) => mayNot(role, 'manage') === null,
  );
  return (
    <Page
      title="Projects"
      actions={
        <button
          type="button"
          className="button primary"
          disabled={mine.length === 0}
          title={mine.length === 0 ? 'This takes an owner or admin of an organisation' : undefined}
          onClick={() => setMaking(true)}
        >
          <Plus size={14} /> New project
        </button>
      }
    >
      <Pending query={projects} />
      {projects.data && projects.data.projects.length === 0 && <NoProject />}
      {groups(projects.data?.projects ?? []).map(([organisation, list]) => (
        <section key={organisation.id} className="stack tight">
          <div className="row">
            <h2>{organisation.name}</h2>
            <Link to="/o/$organisation/members" params={{ organisation: organisation.id }} className="small">
              Members
            </Link>
          </div>
          <ProjectTable projects={list} />
        </section>
      ))}
      <NewProject open={isMaking} onClose={() => setMaking(false)} organisations={mine} />
    </Page>
  );
}

function groups(projects: readonly Project[]): [Project['organisation'], Project[]][] {
  const found = new Map<number, [Project['organisation'], Project[]]>();
  for (const project of projects) {
    const group = found.get(project.organisation.id) ?? [project.organisation, []];
    group[1].push(project);
    found.set(project.organisation.id, group);
  }
  return [...found.values()].sort(([a], [b]) => a.name.localeCompare(b.name));
}

function ProjectTable({ projects }: { projects: readonly Project[] }) {
  return (
    <Region label="Projects">
      <table className="table">
        <thead>
          <tr>
            <th>Project</th>
            <th className="number">Number</th>
            <th>You are</th>
            <th>State</th>
          </tr>
        </thead>
        <tbody>
          {projects.map(({ id, name, role, paused }) => (
            <tr key={id}>
              <td style={{ width: '50%' }}>
                <Link to="/p/$project/jobs" params={{ project: id }} className="hit strong">
                  {name}
                </Link>
              </td>
              <td className="number">{id}</td>
              <td>{role}</td>
              <td>{paused ? <span className="warned">paused</span> : 'active'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Region>
  );
}

function NoProject() {
  return (
    <Empty title="No project yet">
      <p>
        A project holds spiders and what they bring home. Make one here, or have an operator of this Spiderhub
        make one and add you to its organisation:
      </p>
      <CommandLine
        text={
          'npm run admin -- project create --name shop\nnpm run admin -- member add --organisation default --user NAME'
        }
      />
    </Empty>
  );
}

interface NewProjectProps {
  open: boolean;
  onClose: () => void;
  organisations: readonly Organisation[];
}

function NewProject({ open, onClose, organisations }: NewProjectProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [chosen, choose] = useState<number | null>(null);
  const organisation = chosen ?? organisations[0]?.id ?? 0;
  const making = useMutation({
    mutationFn: () => createProject({ params: { organisation }, body: { name } }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['projects'] });
      onClose();
      await navigate({ to: '/p/$project/jobs', params: { project: id } });
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    making.mutate();
  }
  return (
    <Dialog open={open} onClose={onClose} title="New project">
      <form onSubmit={submit}>
        <div className="body stack">
          <Field label="Name" problem={problemOf(making.error, 'name')}>
            {(props) => (
              <input
                {...props}
                className="input"
                required
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Field>
          <Field label="Organisation" hint="Its members reach the project">
            {(props) => (
              <select
                {...props}
                className="select"
                value={organisation}
                onChange={(event) => choose(Number(event.target.value))}
              >
                {organisations.map(({ id, name: words }) => (
                  <option key={id} value={id}>
                    {words}
                  </option>
                ))}
              </select>
            )}
          </Field>
          {isOfNoField(making.error, ['name']) && <ErrorPanel error={making.error} />}
        </div>
        <footer>
          <button type="submit" className="button primary" disabled={making.isPending}>
            Make the project
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
