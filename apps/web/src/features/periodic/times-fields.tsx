import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { previewSchedule } from '../../api/schedules.ts';
import { isZone, zoneNames } from '../../lib/zones.ts';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Field, isOfNoField, problemOf } from '../../ui/field.tsx';
import { cronWords } from './cron-words.ts';
import { type Draft, timesOf } from './draft.ts';
import { RunTimes } from './preview.tsx';
import { EXAMPLES } from './texts.ts';

const PREVIEWED = 10;
const PAUSE_MS = 300;
const FIELDS = ['cron', 'timezone', 'startAt', 'endAt'];

interface TimesProps {
  project: number;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: unknown;
}

/** When it runs, with what the service makes of it beside the fields. */
export function TimesFields({ project, draft, set, error }: TimesProps) {
  const preview = usePreview(project, draft);
  const problem = (field: string) => problemOf(preview.error, field) ?? problemOf(error, field);
  return (
    <section className="panel padded stack">
      <h2>When</h2>
      <div className="two">
        <div className="stack">
          <CronField draft={draft} set={set} problem={problem('cron')} />
          <ZoneField draft={draft} set={set} problem={problem('timezone')} />
          <BoundFields draft={draft} set={set} problem={problem} />
        </div>
        <div className="stack tight ahead">
          <h3>{draft.cron.trim() === '' ? 'Next runs' : `The next ${PREVIEWED} runs`}</h3>
          {draft.cron.trim() === '' && (
            <p className="dim">They are worked out by the service as soon as there is an expression.</p>
          )}
          {isOfNoField(preview.error, FIELDS) && <ErrorPanel error={preview.error} />}
          {preview.runs && isZone(draft.timezone.trim()) && (
            <RunTimes runs={preview.runs} zone={draft.timezone.trim()} />
          )}
          {preview.runs?.length === 0 && <p className="warned">It would never run.</p>}
        </div>
      </div>
    </section>
  );
}

/** What the service says that a plan would do, asked when nobody types for a moment. */
function usePreview(project: number, draft: Draft) {
  const times = useLate(JSON.stringify(timesOf(draft)));
  const asked = JSON.parse(times) as ReturnType<typeof timesOf>;
  const isAsked = asked.cron !== '';
  const query = useQuery({
    queryKey: ['preview', project, times],
    queryFn: ({ signal }) =>
      previewSchedule({ params: { project }, body: { ...asked, count: PREVIEWED } }, { signal }),
    enabled: isAsked,
    retry: false,
  });
  const error = isAsked ? query.error : null;
  return { error, runs: isAsked && error === null ? query.data?.runs : undefined };
}

function useLate(text: string): string {
  const [late, setLate] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLate(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return late;
}

interface PartProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  problem: string | undefined;
}

function CronField({ draft, set, problem }: PartProps) {
  return (
    <div className="stack tight">
      <Field
        label="Cron expression"
        problem={problem}
        hint={cronWords(draft.cron) ?? 'minute, hour, day of the month, month, day of the week'}
      >
        {(props) => (
          <input
            {...props}
            className="input mono"
            required
            spellCheck={false}
            autoComplete="off"
            placeholder="30 6 * * MON-FRI"
            value={draft.cron}
            onChange={(event) => set({ cron: event.target.value })}
          />
        )}
      </Field>
      <fieldset className="chips plain" aria-label="Expressions to begin with">
        {EXAMPLES.map(([words, cron]) => (
          <button
            key={cron}
            type="button"
            className="chip"
            aria-pressed={draft.cron.trim() === cron}
            onClick={() => set({ cron })}
          >
            {words}
          </button>
        ))}
      </fieldset>
    </div>
  );
}

function ZoneField({ draft, set, problem }: PartProps) {
  return (
    <>
      <Field
        label="Time zone"
        problem={problem}
        hint="A name such as Europe/Berlin, whose clocks may change; UTC never does"
      >
        {(props) => (
          <input
            {...props}
            className="input"
            required
            list="zones"
            spellCheck={false}
            autoComplete="off"
            value={draft.timezone}
            onChange={(event) => set({ timezone: event.target.value })}
          />
        )}
      </Field>
      <datalist id="zones">
        {zoneNames().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}

interface BoundProps extends Omit<PartProps, 'problem'> {
  problem: (field: string) => string | undefined;
}

function BoundFields({ draft, set, problem }: BoundProps) {
  return (
    <div className="three">
      <Field label="Not before" problem={problem('startAt')} hint={`as clocks show in ${draft.timezone}`}>
        {(props) => (
          <input
            {...props}
            type="datetime-local"
            className="input"
            value={draft.startAt}
            onChange={(event) => set({ startAt: event.target.value })}
          />
        )}
      </Field>
      <Field label="Not after" problem={problem('endAt')}>
        {(props) => (
          <input
            {...props}
            type="datetime-local"
            className="input"
            value={draft.endAt}
            onChange={(event) => set({ endAt: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}
