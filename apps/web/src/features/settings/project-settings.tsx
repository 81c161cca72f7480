import { useQuery } from '@tanstack/react-query';
import { changeSettings, listSettings, type Setting } from '../../api/variables.ts';
import { Pending } from '../../ui/feedback.tsx';
import { RawValue } from '../../ui/json-tree.tsx';
import { Region } from '../../ui/region.tsx';
import { RowMenu } from '../../ui/settings/row-menu.tsx';
import { SettingDialog, useSettingEditing } from '../../ui/settings/setting-editing.tsx';
import { type KnownValue, SecretValue } from '../../ui/settings/value-form.tsx';

/** Scrapy's settings for all jobs of the project: they stand before those of its code, and behind those of a job. */
export function ProjectSettings({ project }: { project: number }) {
  const queryKey = ['settings', project];
  const params = { project };
  const query = useQuery({ queryKey, queryFn: () => listSettings({ params }) });
  const { open, remove, dialog } = useSettingEditing({
    queryKey,
    change: (body) => changeSettings({ params, body }),
    said: 'The setting is set: jobs that start from now on get it',
  });
  const list = query.data?.settings ?? [];
  return (
    <section className="stack tight">
      <div className="row apart">
        <h2>Settings of all jobs</h2>
        <button type="button" className="button" onClick={() => open(null)}>
          Set a setting
        </button>
      </div>
      <p className="dim">
        Settings of Scrapy. They stand before those of the code; those that a job is started with stand before
        them. A spider's own, which stand before these, are set on its page.
      </p>
      <Pending query={query} rows={3} />
      {query.data && list.length === 0 && (
        <p className="note">Nothing is set: jobs get the settings of their code.</p>
      )}
      {list.length > 0 && <Table settings={list} onChange={open} onRemove={({ name }) => remove(name)} />}
      <SettingDialog {...dialog} titles={{ change: (name) => `Change ${name}`, add: 'Set a setting' }} />
    </section>
  );
}

interface TableProps {
  settings: readonly Setting[];
  onChange: (setting: KnownValue) => void;
  onRemove: (setting: Setting) => void;
}

function Table({ settings, onChange, onRemove }: TableProps) {
  return (
    <Region label="Settings of all jobs">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>Value</th>
            <th aria-label="What can be done" />
          </tr>
        </thead>
        <tbody>
          {settings.map((each) => (
            <tr key={each.name}>
              <td className="mono">{each.name}</td>
              <td className="mono" style={{ width: '60%' }}>
                {each.secret ? (
                  <SecretValue />
                ) : (
                  <div className="cut" style={{ maxWidth: 560 }} title={JSON.stringify(each.value)}>
                    <RawValue text={JSON.stringify(each.value)} />
                  </div>
                )}
              </td>
              <td className="number">
                <RowMenu
                  name={each.name}
                  onChange={() =>
                    onChange({ name: each.name, text: each.secret ? null : JSON.stringify(each.value) })
                  }
                  onRemove={() => onRemove(each)}
                />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Region>
  );
}
