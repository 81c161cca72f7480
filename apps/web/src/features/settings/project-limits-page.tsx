import { useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { changeProjectLimits, readProjectLimits, readProjectUsage, type Usage } from '../../api/limits.ts';
import { bytes, count } from '../../lib/format.ts';
import { mayNot, useMe, useProject } from '../../lib/me.ts';
import { Pending } from '../../ui/feedback.tsx';
import { LimitTable } from '../../ui/limits/limit-table.tsx';

const route = getRouteApi('/inside/p/$project/settings');

/** What the project takes of the service, and what it may take. */
export default function ProjectLimitsPage() {
  const { project } = route.useParams();
  const refusal = mayNot(useProject(project)?.role, 'manage');
  const isStaff = useMe()?.staff ?? false;
  const client = useQueryClient();
  const params = { project };
  const key = ['limits', project];
  const isAllowed = refusal === null;
  const limits = useQuery({
    queryKey: key,
    queryFn: () => readProjectLimits({ params }),
    enabled: isAllowed,
  });
  const usage = useQuery({
    queryKey: ['usage', project],
    queryFn: () => readProjectUsage({ params }),
    enabled: isAllowed,
  });
  if (!isAllowed) return <p className="note">{refusal}.</p>;
  return (
    <div className="stack wide">
      <section className="stack tight">
        <h2>Usage</h2>
        <Pending query={usage} rows={2} />
        {usage.data && <Figures usage={usage.data} />}
      </section>
      <section className="stack tight">
        <h2>Limits</h2>
        {!isStaff && (
          <p className="dim">
            Operators of this Spiderhub set limits:{' '}
            <code>npm run admin -- project limits --id {project} --limit NAME=NUMBER</code>
          </p>
        )}
        <Pending query={limits} />
        {limits.data && (
          <LimitTable
            {...limits.data}
            onChange={
              isStaff
                ? async (body) => client.setQueryData(key, await changeProjectLimits({ params, body }))
                : null
            }
          />
        )}
      </section>
    </div>
  );
}

function Figures({ usage: { jobs, items, storedBytes, blobBytes } }: { usage: Usage }) {
  const list = [
    ['items', count(items)],
    ['jobs that are over', count(jobs.finished)],
    ['jobs deleted, not yet gone', count(jobs.deleted)],
    ['eggs and reports', bytes(blobBytes)],
    ['on disk in all', storedBytes === null ? '–' : bytes(storedBytes)],
  ];
  return (
    <>
      <div className="figures">
        {list.map(([name, value]) => (
          <div key={name} className="figure">
            <span className="value">{value}</span>
            <span className="name">{name}</span>
          </div>
        ))}
      </div>
      <p className="small dim">
        Bytes on disk are measured every ten minutes
        {storedBytes === null && ', and were not yet'}; the rest is a minute old at most.
      </p>
    </>
  );
}
