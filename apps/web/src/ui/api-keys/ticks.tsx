interface TicksProps<T extends string | number> {
  title: string;
  /** What is chosen, its words, and what the words mean. */
  choices: readonly (readonly [value: T, words: string, title?: string])[];
  chosen: readonly T[];
  onChange: (chosen: T[]) => void;
}

/** Some of several. */
export function Ticks<T extends string | number>({ title, choices, chosen, onChange }: TicksProps<T>) {
  return (
    <fieldset className="rows">
      <legend className="small dim">{title}</legend>
      {choices.map(([value, words, more]) => (
        <label key={value} className="tick" title={more}>
          <input
            type="checkbox"
            className="check"
            checked={chosen.includes(value)}
            onChange={({ target }) =>
              onChange(target.checked ? [...chosen, value] : chosen.filter((each) => each !== value))
            }
          />
          <span className="anywhere">{words}</span>
        </label>
      ))}
    </fieldset>
  );
}
