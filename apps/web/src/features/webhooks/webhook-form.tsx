import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { listSpiders } from '../../api/spiders.ts';
import { changeWebhook, createWebhook, type Webhook, type WebhookPlan } from '../../api/webhooks.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';
import { WordList } from '../../ui/word-list.tsx';
import { EVENT_GROUPS } from './texts.ts';

interface FormProps {
  project: number;
  /** The one that is changed; none: another one is made. */
  webhook?: Webhook;
  /** With the secret of one that was made. */
  onSaved: (webhook: Webhook, secret: string | null) => unknown;
  onClose: () => void;
}

const FIELDS = ['url', 'description', 'types', 'spiders', 'hasTag'];
type Draft = { [F in keyof WebhookPlan]-?: NonNullable<WebhookPlan[F]> };

/** Where events go, and which. */
export function WebhookForm({ project, webhook, onSaved, onClose }: FormProps) {
  const [draft, setDraft] = useState<Draft>({
    url: webhook?.url ?? '',
    description: webhook?.description ?? '',
    types: webhook?.types ?? ['job.finished'],
    spiders: webhook?.spiders ?? [],
    hasTag: webhook?.hasTag ?? [],
  });
  const set = (change: Partial<Draft>) => setDraft((present) => ({ ...present, ...change }));
  const saving = useMutation({
    mutationFn: async () => {
      if (!webhook) return createWebhook({ params: { project }, body: draft });
      const changed = await changeWebhook({ params: { project, webhook: webhook.id }, body: draft });
      return { webhook: changed, secret: null };
    },
    onSuccess: ({ webhook: saved, secret }) => onSaved(saved, secret),
  });
  const { error } = saving;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!saving.isPending) saving.mutate();
  }
  return (
    <Dialog open wide onClose={onClose} title={webhook ? 'Change the webhook' : 'New webhook'}>
      <form onSubmit={submit} className="dialog-form">
        <div className="body stack">
          <Field
            label="Address"
            problem={problemOf(error, 'url')}
            hint="Only public addresses, as far as the operator has not allowed others"
          >
            {(props) => (
              <input
                {...props}
                className="input mono"
                required
                spellCheck={false}
                autoComplete="off"
                placeholder="https://example.org/hook"
                value={draft.url}
                onChange={(event) => set({ url: event.target.value })}
              />
            )}
          </Field>
          <TypesField
            types={draft.types}
            onChange={(types) => set({ types })}
            problem={problemOf(error, 'types')}
          />
          <Filters project={project} draft={draft} set={set} error={error} />
          <Field label="Description" problem={problemOf(error, 'description')}>
            {(props) => (
              <input
                {...props}
                className="input"
                value={draft.description}
                onChange={(event) => set({ description: event.target.value })}
              />
            )}
          </Field>
          {isOfNoField(error, FIELDS) && <ErrorPanel error={error} />}
        </div>
        <footer>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={saving.isPending}>
            {webhook ? 'Save' : 'Make it'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface FiltersProps {
  project: number;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: unknown;
}

function Filters({ project, draft, set, error }: FiltersProps) {
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  return (
    <div className="two">
      <WordList
        label="Only of these spiders"
        noun="spider"
        words={draft.spiders}
        onChange={(names) => set({ spiders: names })}
        offers={spiders.data?.spiders.map(({ name }) => name) ?? []}
        problem={problemOf(error, 'spiders')}
        hint="None: of all"
      />
      <WordList
        label="Only with one of these tags"
        noun="tag"
        words={draft.hasTag}
        onChange={(hasTag) => set({ hasTag })}
        problem={problemOf(error, 'hasTag')}
        hint="None: with any"
      />
    </div>
  );
}

interface TypesProps {
  types: readonly string[];
  onChange: (types: string[]) => void;
  problem: string | undefined;
}

function TypesField({ types, onChange, problem }: TypesProps) {
  const toggle = (type: string) =>
    onChange(types.includes(type) ? types.filter((each) => each !== type) : [...types, type]);
  return (
    <fieldset className="rows">
      <legend className="label">Events</legend>
      <p className={problem ? 'small bad' : 'small dim'}>
        {problem ??
          (types.length === 0 ? 'None is chosen: all but job.tagged are sent' : 'What is chosen is sent')}
      </p>
      <div className="three" style={{ gridTemplateColumns: 'repeat(auto-fit, minmax(150px, 1fr))' }}>
        {EVENT_GROUPS.map(([about, group]) => (
          <div key={about} className="stack tight">
            <span className="dim small">{about}</span>
            {group.map((type) => (
              <label key={type} className="tick">
                <input
                  type="checkbox"
                  className="check"
                  checked={types.includes(type)}
                  onChange={() => toggle(type)}
                />
                <span className="mono">{type}</span>
              </label>
            ))}
          </div>
        ))}
      </div>
    </fieldset>
  );
}
