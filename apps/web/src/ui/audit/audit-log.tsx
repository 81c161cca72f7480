import { Download } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type AuditFilter, type AuditLine, type AuditPlace, auditFile } from '../../api/audit.ts';
import { programIn } from '../../lib/program-in.ts';
import { Dialog } from '../dialog.tsx';
import { Empty, Pending } from '../feedback.tsx';
import { Region } from '../region.tsx';
import { Ago } from '../time.tsx';
import { AuditDetails } from './audit-details.tsx';
import { AuditFilters } from './audit-filters.tsx';
import { useAudit } from './use-audit.ts';

interface AuditLogProps {
  place: AuditPlace;
  /** Why the caller may not read it; null: it may. */
  refusal: string | null;
}

/** Who changed what, from where, and who was refused. */
export function AuditLog({ place, refusal }: AuditLogProps) {
  const [filter, setFilter] = useState<AuditFilter>({});
  const [opened, open] = useState<AuditLine | null>(null);
  const log = useAudit(place, filter, refusal === null);
  const isLooking = log.hasNextPage && (log.data?.pages.at(-1)?.lines.length ?? 0) === 0;
  // A page that found nothing has looked at a piece of the log: what is rare may lie further back.
  useEffect(() => {
    if (isLooking && !log.isFetchingNextPage && !log.isError) void log.fetchNextPage();
  }, [isLooking, log]);
  if (refusal !== null) return <p className="note">{refusal}.</p>;
  const lines = log.data?.pages.flatMap((page) => page.lines) ?? [];
  return (
    <div className="stack">
      <div className="row apart">
        <AuditFilters filter={filter} onFilter={setFilter} />
        <a className="button" href={auditFile(place, filter)} download="audit.jl">
          <Download size={14} aria-hidden="true" /> Export as JSON lines
        </a>
      </div>
      <Pending query={log} />
      {log.data && lines.length === 0 && !log.hasNextPage && (
        <Empty title="Nothing here">
          <p>Changes of people, keys, settings, code and jobs are written down as they happen.</p>
        </Empty>
      )}
      {lines.length > 0 && (
        <Region label="Audit log">
          <table className="table">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>What</th>
                <th>On</th>
                <th>From</th>
                <th aria-label="More" />
              </tr>
            </thead>
            <tbody>
              {lines.map((line) => (
                <Line key={line.id} line={line} onOpen={() => open(line)} />
              ))}
            </tbody>
          </table>
          {log.hasNextPage && (
            <div className="table-foot">
              <button
                type="button"
                className="button"
                disabled={log.isFetchingNextPage}
                onClick={() => void log.fetchNextPage()}
              >
                Older
              </button>
            </div>
          )}
        </Region>
      )}
      <Dialog open={opened !== null} onClose={() => open(null)} wide title={opened?.action ?? ''}>
        {opened && <AuditDetails line={opened} />}
      </Dialog>
    </div>
  );
}

function Line({ line, onOpen }: { line: AuditLine; onOpen: () => void }) {
  const { actor, action, outcome, object, times } = line;
  return (
    <tr>
      <td>
        <Ago at={line.at} />
      </td>
      <td>
        <div className="cut" style={{ maxWidth: 200 }} title={actor.name}>
          <bdi className="strong">{actor.name}</bdi>{' '}
          {actor.kind !== 'user' && <span className="dim">{actor.kind}</span>}
        </div>
      </td>
      <td>
        <span className="mono">{action}</span>
        {outcome === 'refused' && <span className="bad"> refused{times > 1 && ` ${times} times`}</span>}
      </td>
      <td>
        <div className="cut" style={{ maxWidth: 260 }} title={object}>
          {object}
        </div>
      </td>
      <td>
        <div className="cut dim" style={{ maxWidth: 240 }} title={actor.client ?? undefined}>
          <bdi>{actor.address ?? '–'}</bdi>
          {actor.client && ` · ${programIn(actor.client)}`}
        </div>
      </td>
      <td className="number">
        <button
          type="button"
          className="button quiet"
          aria-label={`More of ${action} ${line.id}`}
          onClick={onOpen}
        >
          More
        </button>
      </td>
    </tr>
  );
}
