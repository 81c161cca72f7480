import type { AuditLine } from '../../api/audit.ts';
import { isolated } from '../../lib/isolated.ts';
import { Region } from '../region.tsx';
import { At } from '../time.tsx';

/** One line of the log: what it was and is, side by side. */
export function AuditDetails({ line }: { line: AuditLine }) {
  const { actor, before, after } = line;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])].toSorted();
  const facts: [string, React.ReactNode][] = [
    ['When', <At key="at" at={line.at} />],
    ['Who', `${isolated(actor.name)} (${actor.kind})`],
    [
      'From',
      [actor.address, actor.client].flatMap((each) => (each ? [isolated(each)] : [])).join(' · ') || '–',
    ],
    ['On', line.object],
    ['Outcome', line.outcome === 'refused' ? `refused: ${line.why ?? ''}` : 'done'],
    ['Line', String(line.id)],
  ];
  return (
    <div className="body stack">
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} className="fact">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {names.length > 0 && (
        <Region label="Before and after">
          <table className="table">
            <thead>
              <tr>
                <th>Field</th>
                <th>Before</th>
                <th>After</th>
              </tr>
            </thead>
            <tbody>
              {names.map((name) => (
                <tr key={name}>
                  <td className="mono">{name}</td>
                  <td className="mono wrap anywhere">{textOf(before?.[name])}</td>
                  <td className="mono wrap anywhere">{textOf(after?.[name])}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Region>
      )}
    </div>
  );
}

function textOf(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
