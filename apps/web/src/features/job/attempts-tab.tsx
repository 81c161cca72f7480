import { useNavigate } from '@tanstack/react-router';
import { count } from '../../lib/format.ts';
import { Empty } from '../../ui/feedback.tsx';
import { At, Lasting } from '../../ui/time.tsx';
import type { TabProps } from './job-page.tsx';

/** Tries that have ended; the log and items of each are kept apart. */
export default function AttemptsTab({ job, address }: TabProps) {
  const navigate = useNavigate();
  if (job.attempts.length === 0) {
    return (
      <Empty title="No attempt has ended yet">
        <p>What becomes of each try stands here: why it ended, and what it brought home.</p>
      </Empty>
    );
  }
  const params = { project: address.project, spider: String(address.spider), job: address.job };
  return (
    <section className="region" aria-label="Attempts">
      <table className="table">
        <thead>
          <tr>
            <th className="number">Attempt</th>
            <th>Ended with</th>
            <th>Exit</th>
            <th>Started</th>
            <th className="number">Run time</th>
            <th className="number">Items</th>
            <th className="number">Pages</th>
            <th className="number">Errors</th>
            <th aria-label="What can be looked at" />
          </tr>
        </thead>
        <tbody>
          {job.attempts.map((one) => (
            <tr key={one.attempt}>
              <td className="number">{one.attempt}</td>
              <td>{one.closeReason}</td>
              <td className="mono">{one.exitStatus ?? '–'}</td>
              <td>
                <At at={one.startedAt} />
              </td>
              <td className="number">
                <Lasting from={one.startedAt} to={one.endedAt} />
              </td>
              <td className="number">{count(one.items)}</td>
              <td className="number">{count(one.pages)}</td>
              <td className="number">{count(one.errors)}</td>
              <td className="number">
                <button
                  type="button"
                  className="button quiet"
                  onClick={() =>
                    void navigate({
                      to: '/p/$project/$spider/$job',
                      params,
                      search: { tab: 'log', attempt: one.attempt },
                    })
                  }
                >
                  Its log
                </button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
