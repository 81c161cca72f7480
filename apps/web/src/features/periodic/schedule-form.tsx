import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../../api/client.ts';
import type { Schedule, SchedulePlan } from '../../api/schedules.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field, problemOf } from '../../ui/field.tsx';
import { WordList } from '../../ui/word-list.tsx';
import { bodyOf, type Draft } from './draft.ts';
import { TasksEditor } from './task-editor.tsx';
import { CATCHUPS, OVERLAPS } from './texts.ts';
import { TimesFields } from './times-fields.tsx';

interface FormProps {
  project: number;
  initial: Draft;
  /** Says who may, when the viewer may not. */
  refusal: string | null;
  verb: string;
  save: (plan: SchedulePlan) => Promise<Schedule>;
  onSaved: (schedule: Schedule) => unknown;
  onCancel: () => void;
}

/** Everything that a periodic job is made of. */
export function ScheduleForm({ project, initial, refusal, verb, save, onSaved, onCancel }: FormProps) {
  const [draft, setDraft] = useState(initial);
  const set = (change: Partial<Draft>) => setDraft((present) => ({ ...present, ...change }));
  const saving = useMutation({ mutationFn: () => save(bodyOf(draft)), onSuccess: onSaved });
  const { error } = saving;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!saving.isPending) saving.mutate();
  }
  return (
    <form className="stack wide" onSubmit={submit} aria-label="Periodic job">
      <TimesFields project={project} draft={draft} set={set} error={error} />
      <TasksEditor project={project} tasks={draft.tasks} onChange={(tasks) => set({ tasks })} error={error} />
      <HowFields draft={draft} set={set} error={error} />
      {error && !isShownAtField(error, draft) && <ErrorPanel error={error} />}
      <div className="row">
        <button
          type="submit"
          className="button primary"
          disabled={refusal !== null || saving.isPending}
          title={refusal ?? undefined}
        >
          {verb}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
        {error && isShownAtField(error, draft) && (
          <span className="bad" role="alert">
            Not saved: see above
          </span>
        )}
      </div>
    </form>
  );
}

const FIELDS = [
  ['cron', 'timezone', 'startAt', 'endAt', 'overlap', 'catchup', 'jitterSeconds'],
  ['description', 'tags', 'tasks', 'command', 'units'],
].flat();

/** Names of arguments, settings and variables are fields, too. */
function isShownAtField(error: unknown, { tasks }: Draft): boolean {
  if (!(error instanceof ApiError) || error.field === undefined) return false;
  const names = tasks.flatMap(({ args, settings, environment }) => [
    ...args.flatMap(({ name }) => [name, `args.${name}`]),
    ...settings.flatMap(({ name }) => [name, `settings.${name}`]),
    ...environment.flatMap(({ name }) => [name, `environment.${name}`]),
  ]);
  return [...FIELDS, ...names].includes(error.field);
}

interface HowProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: unknown;
}

function HowFields({ draft, set, error }: HowProps) {
  return (
    <section className="panel padded stack">
      <h2>How</h2>
      <div className="two">
        <Choice
          label="While a job of before is still active"
          value={draft.overlap}
          choices={OVERLAPS}
          problem={problemOf(error, 'overlap')}
          onChange={(overlap) => set({ overlap })}
        />
        <Choice
          label="Planned times that nobody could keep"
          value={draft.catchup}
          choices={CATCHUPS}
          problem={problemOf(error, 'catchup')}
          onChange={(catchup) => set({ catchup })}
        />
      </div>
      <div className="two">
        <Field
          label="Put off by up to, seconds"
          hint="Each run by another part of it, so that many do not start together"
          problem={problemOf(error, 'jitterSeconds')}
        >
          {(props) => (
            <input
              {...props}
              type="number"
              min={0}
              max={3600}
              step={1}
              required
              className="input"
              value={draft.jitterSeconds}
              onChange={(event) => set({ jitterSeconds: event.target.value })}
            />
          )}
        </Field>
        <WordList
          label="Tags of its jobs"
          noun="tag"
          words={draft.tags}
          onChange={(tags) => set({ tags })}
          problem={problemOf(error, 'tags')}
          hint="Enter or a comma adds one"
        />
      </div>
      <Field
        label="Description"
        problem={problemOf(error, 'description')}
        hint="What it is for; its name in lists"
      >
        {(props) => (
          <input
            {...props}
            className="input"
            value={draft.description}
            onChange={(event) => set({ description: event.target.value })}
          />
        )}
      </Field>
    </section>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  choices: Record<T, string>;
  problem: string | undefined;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ label, value, choices, problem, onChange }: ChoiceProps<T>) {
  return (
    <Field label={label} problem={problem}>
      {(props) => (
        <select
          {...props}
          className="select"
          value={value}
          onChange={(event) => onChange(event.target.value as T)}
        >
          {(Object.entries(choices) as [T, string][]).map(([each, words]) => (
            <option key={each} value={each}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
