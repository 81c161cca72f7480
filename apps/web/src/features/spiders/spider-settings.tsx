import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { changeSpiderSettings, readSpiderSettings } from '../../api/spiders.ts';
import { isolated } from '../../lib/isolated.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { Pending } from '../../ui/feedback.tsx';
import { RawValue } from '../../ui/json-tree.tsx';
import { Region } from '../../ui/region.tsx';
import { RowMenu } from '../../ui/settings/row-menu.tsx';
import { SettingDialog, useSettingEditing } from '../../ui/settings/setting-editing.tsx';
import { type KnownValue, SecretValue } from '../../ui/settings/value-form.tsx';
import { type Winner, winnersOf } from './winners.ts';

interface SpiderSettingsProps {
  project: number;
  spider: number;
}

/** What the next run gets, which layer each setting comes from, and the spider's own to change. */
export function SpiderSettings({ project, spider }: SpiderSettingsProps) {
  const role = useProject(project)?.role;
  const refusal = mayNot(role, 'develop');
  const queryKey = ['spider', project, spider, 'settings'];
  const params = { project, spider };
  const query = useQuery({
    queryKey,
    queryFn: () => readSpiderSettings({ params }),
    enabled: role !== undefined && refusal === null,
  });
  const { open, remove, dialog } = useSettingEditing({
    queryKey,
    change: (body) => changeSpiderSettings({ params, body }),
    said: 'The setting is set: runs that start from now on get it',
  });
  const winners = winnersOf(query.data?.layers ?? []);
  return (
    <section className="panel">
      <div className="title">
        <h2>Settings of the next run</h2>
        <button
          type="button"
          className="button push"
          disabled={refusal !== null}
          title={refusal ?? undefined}
          onClick={() => open(null)}
        >
          Set a setting
        </button>
      </div>
      <div className="content stack tight">
        <p className="dim">
          Those of the spider stand before{' '}
          <Link to="/p/$project/settings/variables" params={{ project }}>
            those of the project
          </Link>
          , those of a job before both, and all of them before the code's.
        </p>
        {refusal !== null && <p className="dim">{refusal}.</p>}
        {refusal === null && <Pending query={query} rows={3} />}
        {query.data && winners.length === 0 && <p className="dim">Nothing is set: only those of its code.</p>}
        {winners.length > 0 && <Table winners={winners} onChange={open} onRemove={remove} />}
      </div>
      <SettingDialog
        {...dialog}
        titles={{ change: (name) => `${isolated(name)} of this spider`, add: 'Set a setting of this spider' }}
      />
    </section>
  );
}

interface TableProps {
  winners: readonly Winner[];
  onChange: (setting: KnownValue) => void;
  onRemove: (name: string) => void;
}

function Table({ winners, onChange, onRemove }: TableProps) {
  return (
    <Region label="Settings of the next run">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Value</th>
            <th>From</th>
            <th aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {winners.map((winner) => (
            <tr key={winner.name}>
              <td className="mono">{winner.name}</td>
              <td className="mono">
                <Value text={winner.value} />
              </td>
              <td>
                {winner.layer}
                {winner.instead && <Instead text={winner.instead.value} />}
              </td>
              <td className="number">
                <RowMenu
                  name={winner.name}
                  change={winner.layer === 'spider' ? 'Change' : 'Set for this spider'}
                  onChange={() => onChange({ name: winner.name, text: winner.value })}
                  onRemove={winner.layer === 'spider' ? () => onRemove(winner.name) : undefined}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Region>
  );
}

function Value({ text }: { text: string | null }) {
  if (text === null) return <SecretValue />;
  return (
    <div className="cut" style={{ maxWidth: 280 }} title={text}>
      <RawValue text={text} />
    </div>
  );
}

/** What the project says where its spider says something else. */
function Instead({ text }: { text: string | null }) {
  return (
    <div className="dim small cut" style={{ maxWidth: 180 }} title={text ?? undefined}>
      not <bdi>{text ?? 'the secret'}</bdi> of the project
    </div>
  );
}
