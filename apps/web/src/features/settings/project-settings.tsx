import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { changeSettings, listSettings, type Setting } from '../../api/variables.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Pending } from '../../ui/feedback.tsx';
import { RawValue } from '../../ui/json-tree.tsx';
import { Region } from '../../ui/region.tsx';
import { RowMenu } from '../../ui/settings/row-menu.tsx';
import { SettingForm } from '../../ui/settings/setting-form.tsx';
import { settingValue } from '../../ui/settings/setting-value.ts';
import { type GivenValue, type KnownValue, SecretValue } from '../../ui/settings/value-form.tsx';
import { toast, toastError } from '../../ui/toasts.tsx';

/** Scrapy's settings for all jobs of the project: they stand before those of its code, and behind those of a job. */
export function ProjectSettings({ project }: { project: number }) {
  const client = useQueryClient();
  const key = ['settings', project];
  const params = { project };
  const query = useQuery({ queryKey: key, queryFn: () => listSettings({ params }) });
  /** Undefined: nothing is set; null: a new one. */
  const [setting, open] = useState<KnownValue | null | undefined>();
  const saving = useMutation({
    mutationFn: async ({ name, text, secret }: GivenValue) =>
      changeSettings({ params, body: { [secret ? 'secrets' : 'set']: { [name]: settingValue(text) } } }),
    onSuccess: (list) => {
      client.setQueryData(key, list);
      toast('The setting is set: jobs that start from now on get it');
      open(undefined);
    },
  });
  const removing = useMutation({
    mutationFn: ({ name }: Setting) => changeSettings({ params, body: { remove: [name] } }),
    onSuccess: (list) => client.setQueryData(key, list),
    onError: toastError,
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
      {list.length > 0 && (
        <Table settings={list} onChange={open} onRemove={(each) => removing.mutate(each)} />
      )}
      <Dialog
        open={setting !== undefined}
        title={setting ? `Change ${setting.name}` : 'Set a setting'}
        onClose={() => {
          open(undefined);
          saving.reset();
        }}
      >
        {setting !== undefined && <SettingForm setting={setting} saving={saving} />}
      </Dialog>
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
