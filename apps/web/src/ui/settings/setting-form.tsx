import type { UseMutationResult } from '@tanstack/react-query';
import { type GivenValue, type KnownValue, ValueForm } from './value-form.tsx';

interface SettingFormProps {
  /** The one to change, its value as JSON text; null for a new one. */
  setting: KnownValue | null;
  saving: UseMutationResult<unknown, Error, GivenValue>;
}

/** A setting of Scrapy: its name and its value. */
export function SettingForm({ setting, saving }: SettingFormProps) {
  return (
    <ValueForm
      known={setting}
      nameHint="Such as DOWNLOAD_DELAY"
      valueHint={'JSON (0.5, true, ["a"], {"a": 1}); what is no JSON is text'}
      saving={saving}
      onSave={(given) => saving.mutate(given)}
    />
  );
}
