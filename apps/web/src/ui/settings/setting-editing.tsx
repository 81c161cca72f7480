import { type UseMutationResult, useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { Dialog } from '../dialog.tsx';
import { toast, toastError } from '../toasts.tsx';
import { SettingForm } from './setting-form.tsx';
import { settingValue } from './setting-value.ts';
import type { GivenValue, KnownValue } from './value-form.tsx';

interface SettingChange {
  set?: Record<string, ReturnType<typeof settingValue>>;
  secrets?: Record<string, ReturnType<typeof settingValue>>;
  remove?: string[];
}

interface EditingOptions<T> {
  queryKey: readonly unknown[];
  /** Resolves to what the query has then. */
  change: (body: SettingChange) => Promise<T>;
  /** Said when a setting is set. */
  said: string;
}

/** One setting of a list at a time is set, in a dialog, or removed. */
export function useSettingEditing<T>({ queryKey, change, said }: EditingOptions<T>) {
  const client = useQueryClient();
  /** Undefined: nothing is set; null: a new one. */
  const [setting, open] = useState<KnownValue | null | undefined>();
  const saving = useMutation({
    mutationFn: async ({ name, text, secret }: GivenValue) =>
      change({ [secret ? 'secrets' : 'set']: { [name]: settingValue(text) } }),
    onSuccess: (changed) => {
      client.setQueryData(queryKey, changed);
      toast(said);
      open(undefined);
    },
  });
  const removing = useMutation({
    mutationFn: (name: string) => change({ remove: [name] }),
    onSuccess: (changed) => client.setQueryData(queryKey, changed),
    onError: toastError,
  });
  const close = () => {
    open(undefined);
    saving.reset();
  };
  return { open, remove: (name: string) => removing.mutate(name), dialog: { setting, saving, close } };
}

interface SettingDialogProps {
  setting: KnownValue | null | undefined;
  saving: UseMutationResult<unknown, Error, GivenValue>;
  close: () => void;
  /** Of a setting that is there already, and of a new one. */
  titles: { change: (name: string) => string; add: string };
}

export function SettingDialog({ setting, saving, close, titles }: SettingDialogProps) {
  return (
    <Dialog
      open={setting !== undefined}
      title={setting ? titles.change(setting.name) : titles.add}
      onClose={close}
    >
      {setting !== undefined && <SettingForm setting={setting} saving={saving} />}
    </Dialog>
  );
}
