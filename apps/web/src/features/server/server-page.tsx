import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { readServer } from '../../api/spiders.ts';
import { count } from '../../lib/format.ts';
import { Pending } from '../../ui/feedback.tsx';
import { Page } from '../../ui/page.tsx';
import { Ago } from '../../ui/time.tsx';

/** Workers and the queue of all projects: no stream tells of them, and few people look; a tab that is not seen asks nothing. */
const POLL_MS = 5000;

/** For staff: whether workers live, whether the queue moves, whether the box is real. */
export default function ServerPage() {
  const server = useQuery({
    queryKey: ['server'],
    queryFn: () => readServer({}),
    refetchInterval: POLL_MS,
  });
  const { data } = server;
  return (
    <Page
      title="Server"
      actions={
        <Link to="/server/audit" className="button">
          Audit log
        </Link>
      }
    >
      <Pending query={server} />
      {data && (
        <>
          <div className="figures">
            <Figure name="running" value={`${count(data.running)} of ${count(data.slots)}`} />
            <Figure name="pending" value={count(data.pending)} />
            <div className="figure">
              <span className="value">
                <Ago at={data.oldestPending} fallback="nothing" />
              </span>
              <span className="name">waits longest since</span>
            </div>
            <div className="figure">
              <span className={data.isolation.includes('none') ? 'value bad' : 'value'}>
                {data.isolation}
              </span>
              <span className="name">crawls are kept apart by</span>
            </div>
          </div>
          <Workers workers={data.workers} />
          <dl className="facts panel padded">
            <dt>Leader</dt>
            <dd>{data.leader ?? <span className="bad">nobody hands out work</span>}</dd>
            <dt>PostgreSQL</dt>
            <dd>{data.postgres}</dd>
            <dt>Tables</dt>
            <dd>{data.migration}</dd>
            <dt>Node</dt>
            <dd>{data.node}</dd>
            <dt>Deleted jobs with data to remove</dt>
            <dd>{count(data.streamsToFree)}</dd>
          </dl>
        </>
      )}
    </Page>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div className="figure">
      <span className="value">{value}</span>
      <span className="name">{name}</span>
    </div>
  );
}

type ServerFacts = Awaited<ReturnType<typeof readServer>>;

function Workers({ workers }: { workers: ServerFacts['workers'] }) {
  return (
    <section className="region" aria-label="Workers">
      <table className="table">
        <thead>
          <tr>
            <th>Worker</th>
            <th>State</th>
            <th>Machine</th>
            <th className="number">Running</th>
            <th className="number">Slots</th>
            <th>Started</th>
            <th>Last sign of life</th>
          </tr>
        </thead>
        <tbody>
          {workers.map(({ id, host, slots, running, startedAt, seenAt, isAlive }) => (
            <tr key={id}>
              <td className="mono">{id}</td>
              <td className={isAlive ? 'good' : 'bad'}>{isAlive ? 'alive' : 'silent'}</td>
              <td>{host}</td>
              <td className="number">{running}</td>
              <td className="number">{slots}</td>
              <td>
                <Ago at={startedAt} />
              </td>
              <td>
                <Ago at={seenAt} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
