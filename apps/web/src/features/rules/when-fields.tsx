import { useQuery } from '@tanstack/react-query';
import { listSpiders } from '../../api/spiders.ts';
import { Field, problemOf } from '../../ui/field.tsx';
import { WordList } from '../../ui/word-list.tsx';
import type { Draft } from './draft.ts';
import { SilenceFields } from './silence-fields.tsx';

interface WhenProps {
  project: number;
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  error: unknown;
}

/** Ways in which jobs end most often. */
const REASONS = [
  'finished',
  'failed',
  'cancelled',
  'shutdown',
  'memusage_exceeded',
  'closespider_itemcount',
  'closespider_timeout',
  'closespider_errorcount',
];

/** Which ends of jobs are meant, or the lack of them: all that is named has to be true. */
export function WhenFields({ project, draft, set, error }: WhenProps) {
  const problem = problemOf(error, 'when');
  const { isSilence, channel } = draft;
  const choose = (silence: boolean) =>
    set({ isSilence: silence, ...(silence && channel === 'run' && { channel: 'webhook' }) });
  return (
    <section className="stack" aria-labelledby="when">
      <div className="row">
        <h3 id="when">When</h3>
        <fieldset className="chips plain" aria-label="What is watched">
          <button type="button" className="chip" aria-pressed={!isSilence} onClick={() => choose(false)}>
            a job ends
          </button>
          <button type="button" className="chip" aria-pressed={isSilence} onClick={() => choose(true)}>
            nothing runs
          </button>
        </fieldset>
      </div>
      {problem && (
        <p className="bad" role="alert">
          {problem}
        </p>
      )}
      {isSilence && <SilenceFields project={project} draft={draft} set={set} />}
      <div className="two">
        <RunWords project={project} draft={draft} set={set} />
        {!isSilence && <CountFields draft={draft} set={set} />}
      </div>
      {!isSilence && (
        <label className="row tight" style={{ minHeight: 24 }}>
          <input
            type="checkbox"
            className="check"
            checked={draft.isEmpty}
            onChange={(event) => set({ isEmpty: event.target.checked })}
          />
          Without a single item
        </label>
      )}
    </section>
  );
}

/** Whose runs, and how they ended. */
function RunWords({ project, draft, set }: Omit<WhenProps, 'error'>) {
  const spiders = useQuery({
    queryKey: ['spiders', project, 'names'],
    queryFn: () => listSpiders({ params: { project } }),
  });
  const isOfSchedule = draft.isSilence && draft.schedule !== '';
  const hasOutcomes = !draft.isSilence || draft.of === 'end';
  return (
    <>
      {!isOfSchedule && (
        <WordList
          label="Of these spiders"
          noun="spider"
          words={draft.spiders}
          onChange={(names) => set({ spiders: names })}
          offers={spiders.data?.spiders.map(({ name }) => name) ?? []}
          hint={draft.isSilence ? 'Each by itself; none: of the whole project' : 'None: of all'}
        />
      )}
      <WordList
        label="With one of these tags"
        noun="tag"
        words={draft.hasTag}
        onChange={(hasTag) => set({ hasTag })}
        hint="None: with any"
      />
      {hasOutcomes && (
        <>
          <WordList
            label="As one of these"
            noun="close reason"
            words={draft.outcomes}
            onChange={(outcomes) => set({ outcomes })}
            offers={REASONS}
            hint="Close reasons such as finished or failed; none: in any way"
          />
          <WordList
            label="But not as one of these"
            noun="close reason to leave out"
            words={draft.exceptOutcomes}
            onChange={(exceptOutcomes) => set({ exceptOutcomes })}
            offers={REASONS}
          />
        </>
      )}
    </>
  );
}

function CountFields({ draft, set }: Pick<WhenProps, 'draft' | 'set'>) {
  return (
    <>
      <Field label="With so many errors in its log, or more">
        {(props) => (
          <input
            {...props}
            type="number"
            min={1}
            step={1}
            className="input"
            placeholder="any number"
            value={draft.minErrors}
            onChange={(event) => set({ minErrors: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="As the last one with this tag"
        hint="No other job with it is active: what comes when all are done runs once"
      >
        {(props) => (
          <input
            {...props}
            className="input"
            value={draft.lastWithTag}
            onChange={(event) => set({ lastWithTag: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
