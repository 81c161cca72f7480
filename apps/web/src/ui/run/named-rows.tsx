import { Plus, X } from 'lucide-react';
import { useId } from 'react';
import type { NamedText } from './draft.ts';

interface NamedRowsProps {
  title: string;
  /** One of them, for labels: `argument`. */
  noun: string;
  rows: readonly NamedText[];
  onChange: (rows: NamedText[]) => void;
  /** Names that were used before, with values to choose from. */
  offers?: readonly { name: string; values: readonly string[] }[];
  problemOf?: (name: string) => string | undefined;
}

/** Rows of a name and its value. */
export function NamedRows({ title, noun, rows, onChange, offers = [], problemOf }: NamedRowsProps) {
  const id = useId();
  const set = (at: number, change: Partial<NamedText>) =>
    onChange(rows.map((row, i) => (i === at ? { ...row, ...change } : row)));
  return (
    <fieldset className="rows">
      <legend className="label">{title}</legend>
      <datalist id={`${id}-names`}>
        {offers.map(({ name }) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      {rows.map(({ name, value }, at) => (
        // Rows have nothing that names them but their place.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <div key={at} className="stack tight">
          <div className="row tight" style={{ flexWrap: 'nowrap' }}>
            <input
              className="input mono"
              style={{ width: '38%' }}
              aria-label={`Name of ${noun} ${at + 1}`}
              placeholder="name"
              list={`${id}-names`}
              value={name}
              onChange={(event) => set(at, { name: event.target.value })}
            />
            <span aria-hidden="true">=</span>
            <input
              className="input mono grow"
              aria-label={`Value of ${noun} ${at + 1}`}
              placeholder="value"
              list={`${id}-${at}`}
              value={value}
              onChange={(event) => set(at, { value: event.target.value })}
            />
            <datalist id={`${id}-${at}`}>
              {offers
                .find((offer) => offer.name === name)
                ?.values.map((each) => (
                  <option key={each} value={each} />
                ))}
            </datalist>
            <button
              type="button"
              className="button quiet icon"
              aria-label={`Remove ${noun} ${at + 1}`}
              onClick={() => onChange(rows.filter((_row, i) => i !== at))}
            >
              <X size={14} />
            </button>
          </div>
          {problemOf?.(name) && <div className="small bad">{problemOf(name)}</div>}
        </div>
      ))}
      <div>
        <button
          type="button"
          className="button quiet"
          onClick={() => onChange([...rows, { name: '', value: '' }])}
        >
          <Plus size={14} /> Add {noun}
        </button>
      </div>
    </fieldset>
  );
}
