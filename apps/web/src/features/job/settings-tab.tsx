import { JsonTree } from '../../ui/json-tree.tsx';
import type { TabProps } from './job-page.tsx';

/** What it was started with. */
export default function SettingsTab({ job }: TabProps) {
  const facts = [
    { name: 'version', value: JSON.stringify(job.version) },
    { name: 'priority', value: String(job.priority) },
    { name: 'units', value: String(job.units) },
    ...(job.command ? [{ name: 'command', value: JSON.stringify(job.command) }] : []),
  ];
  return (
    <div className="columns">
      <Named title="This job" rows={facts} none="" isJson />
      <Named
        title="Settings of this job"
        rows={job.settings}
        none="None: it ran with those of its spider."
        isJson
      />
      <Named title="Arguments" rows={job.args} none="None." />
      <Named title="Environment" rows={job.environment} none="None of its own." />
      <Named title="Metadata" rows={job.meta} none="None." isJson />
    </div>
  );
}

interface NamedProps {
  title: string;
  rows: readonly { name: string; value: string }[];
  none: string;
  /** Values are JSON text. */
  isJson?: boolean;
}

function Named({ title, rows, none, isJson = false }: NamedProps) {
  return (
    <section className="panel">
      <div className="title">
        <h2>{title}</h2>
      </div>
      <div className="content">
        {rows.length === 0 && <p className="dim">{none}</p>}
        <dl className="facts">
          {rows.map(({ name, value }) => (
            <div key={name} className="fact">
              <dt className="mono">{name}</dt>
              <dd className="mono">{isJson ? <JsonTree text={value} /> : value}</dd>
            </div>
          ))}
        </dl>
      </div>
    </section>
  );
}
