import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { changeOrganisationLimits, readOrganisationLimits, readProjectUsage } from '../../api/limits.ts';
import type { Project } from '../../api/organisations.ts';
import { bytes, count } from '../../lib/format.ts';
import { mayNot, projectsQuery, useMe, useOrganisation } from '../../lib/me.ts';
import { Pending } from '../../ui/feedback.tsx';
import { LimitTable } from '../../ui/limits/limit-table.tsx';
import { Region } from '../../ui/region.tsx';

const route = getRouteApi('/inside/o/$organisation');

/** What all projects of an organisation may take together, and what each takes. */
export default function OrganisationLimitsPage() {
  const { organisation } = route.useParams();
  const known = useOrganisation(organisation);
  const isStaff = useMe()?.staff ?? false;
  const client = useQueryClient();
  const params = { organisation };
  const key = ['limits', 'organisation', organisation];
  const refusal = known.data ? mayNot(known.data.role, 'manage') : null;
  const limits = useQuery({
    queryKey: key,
    queryFn: () => readOrganisationLimits({ params }),
    enabled: known.data !== undefined && refusal === null,
  });
  if (!known.data) return <Pending query={known} />;
  if (refusal !== null) return <p className="note">{refusal}.</p>;
  return (
    <div className="stack wide">
      <section className="stack tight">
        <h2>Limits of all projects together</h2>
        {!isStaff && (
          <p className="dim">
            Operators of this Spiderhub set limits:{' '}
            <code className="anywhere">
              npm run admin -- organisation limits --name <bdi>{known.data.name}</bdi> --limit NAME=NUMBER
            </code>
          </p>
        )}
        <Pending query={limits} />
        {limits.data && (
          <LimitTable
            {...limits.data}
            onChange={
              isStaff
                ? async (body) => client.setQueryData(key, await changeOrganisationLimits({ params, body }))
                : null
            }
          />
        )}
      </section>
      <UsageOfProjects organisation={organisation} />
    </div>
  );
}

function UsageOfProjects({ organisation }: { organisation: number }) {
  const projects = useQuery(projectsQuery);
  const list = projects.data?.projects.filter((project) => project.organisation.id === organisation) ?? [];
  return (
    <section className="stack tight">
      <h2>Usage by project</h2>
      <Pending query={projects} rows={3} />
      <Region label="Usage by project">
        <table className="table">
          <thead>
            <tr>
              <th>Project</th>
              <th className="number">Waiting</th>
              <th className="number">Running</th>
              <th className="number">Over</th>
              <th className="number">Items</th>
              <th className="number">On disk</th>
            </tr>
          </thead>
          <tbody>
            {list.map((project) => (
              <UsageRow key={project.id} project={project} />
            ))}
          </tbody>
        </table>
      </Region>
    </section>
  );
}

function UsageRow({ project: { id, name } }: { project: Project }) {
  const { data } = useQuery({
    queryKey: ['usage', id],
    queryFn: () => readProjectUsage({ params: { project: id } }),
  });
  return (
    <tr>
      <td className="anywhere">
        <Link to="/p/$project/settings/limits" params={{ project: id }} className="hit">
          {name}
        </Link>
      </td>
      <td className="number">{count(data?.jobs.pending)}</td>
      <td className="number">{count(data?.jobs.running)}</td>
      <td className="number">{count(data?.jobs.finished)}</td>
      <td className="number">{count(data?.items)}</td>
      <td className="number">{bytes(data?.storedBytes)}</td>
    </tr>
  );
}
