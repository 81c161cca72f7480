import { type FormEvent, useState } from 'react';
import type { Comparison } from '../../api/jobs.ts';
import { count } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';

interface ItemsComparedProps {
  comparison: Comparison;
  /** Field by which items are told apart. */
  by: string | undefined;
  onBy: (field: string) => void;
}

/** Which items are the same, which changed, which are only in one: told apart by a field. */
export function ItemsCompared({ comparison: { items, coverage }, by = '', onBy }: ItemsComparedProps) {
  const [field, setField] = useState(by);
  function submit(event: FormEvent) {
    event.preventDefault();
    onBy(field.trim());
  }
  return (
    <section className="panel" aria-label="Items one by one">
      <div className="title">
        <h2>Items one by one</h2>
      </div>
      <div className="content stack">
        <form className="row" onSubmit={submit}>
          <label className="row">
            <span>Told apart by the field</span>
            <input
              className="input mono"
              list="compare-fields"
              required
              value={field}
              onChange={(event) => setField(event.target.value)}
            />
          </label>
          <datalist id="compare-fields">
            {coverage.map(({ name }) => (
              <option key={name} value={name} />
            ))}
          </datalist>
          <button type="submit" className="button">
            Compare items
          </button>
        </form>
        {items && (
          <>
            <p>
              {count(items.same)} the same, {count(items.changed)} changed, {count(items.onlyA)} only in the
              first, {count(items.onlyB)} only in the second
              {items.isPartial && ' (of the first 20,000 of each)'}
            </p>
            <table className="table">
              <tbody>
                {items.examples.map(({ key, kind, fields }) => (
                  <tr key={`${kind} ${key}`}>
                    <td className="mono wrap anywhere">{key}</td>
                    <td className={kind === 'changed' ? 'warned' : 'dim'}>{kind}</td>
                    <td className="mono wrap anywhere">{fields.map(isolated).join(', ')}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </>
        )}
      </div>
    </section>
  );
}
