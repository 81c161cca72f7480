import { ACTION_GROUPS, PURPOSES } from '../../api/actions.ts';
import { plural } from '../../lib/format.ts';
import { Ticks } from './ticks.tsx';

interface ActionPickerProps {
  /** Null: all that its owner may. */
  actions: string[] | null;
  onChange: (actions: string[] | null) => void;
  problem: string | undefined;
}

const same = (a: readonly string[], b: readonly string[]) =>
  a.length === b.length && a.every((action) => b.includes(action));

/** What a key is for: a purpose in a click, or each action by itself. */
export function ActionPicker({ actions, onChange, problem }: ActionPickerProps) {
  const isOwn = actions !== null && !PURPOSES.some((purpose) => same(purpose.actions, actions));
  return (
    <fieldset className="rows">
      <legend className="label">Good for</legend>
      <div className="chips">
        <button type="button" className="chip" aria-pressed={actions === null} onClick={() => onChange(null)}>
          Everything
        </button>
        {PURPOSES.map((purpose) => (
          <button
            key={purpose.title}
            type="button"
            className="chip"
            aria-pressed={actions !== null && same(purpose.actions, actions)}
            onClick={() => onChange([...purpose.actions])}
          >
            {purpose.title}
          </button>
        ))}
        {isOwn && (
          <span className="chip" aria-current="true">
            {plural(actions.length, 'action')}
          </span>
        )}
      </div>
      {problem && <div className="small bad">{problem}</div>}
      <details className="more">
        <summary>Choose each action</summary>
        <div className="columns narrow">
          {ACTION_GROUPS.map(({ title, actions: list }) => (
            <Ticks
              key={title}
              title={title}
              choices={list.map(([action, what]) => [action, what, action])}
              chosen={actions ?? []}
              onChange={(chosen) => {
                const others = (actions ?? []).filter((each) => !list.some(([action]) => action === each));
                const all = [...others, ...chosen];
                onChange(all.length > 0 ? all : null);
              }}
            />
          ))}
        </div>
      </details>
    </fieldset>
  );
}
