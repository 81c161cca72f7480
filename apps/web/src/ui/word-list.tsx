import { X } from 'lucide-react';
import { type KeyboardEvent, useId, useState } from 'react';
import { Field } from './field.tsx';

interface WordListProps {
  label: string;
  /** One of them, for labels: `tag`. */
  noun: string;
  words: readonly string[];
  onChange: (words: string[]) => void;
  hint?: string;
  problem?: string | undefined;
  /** What may be chosen; anything else may be typed, too. */
  offers?: readonly string[];
}

/** Words that are added one by one, with Enter or a comma, and taken off again. What was typed last counts, too. */
export function WordList({ label, noun, words, onChange, hint, problem, offers = [] }: WordListProps) {
  const id = useId();
  const [text, setText] = useState('');
  function add() {
    const word = text.trim();
    setText('');
    if (word !== '' && !words.includes(word)) onChange([...words, word]);
  }
  function onKey(event: KeyboardEvent) {
    if (event.key === 'Backspace' && text === '' && words.length > 0) onChange(words.slice(0, -1));
    if (event.key !== 'Enter' && event.key !== ',') return;
    if (event.ctrlKey || event.metaKey || (event.key === 'Enter' && text.trim() === '')) return;
    event.preventDefault();
    add();
  }
  return (
    <Field label={label} problem={problem} hint={hint}>
      {(props) => (
        <div className="words">
          {words.map((word) => (
            <span key={word} className="tag">
              <span className="cut" title={word}>
                {word}
              </span>
              <button
                type="button"
                className="tag-remove"
                aria-label={`Remove ${noun} ${word}`}
                onClick={() => onChange(words.filter((each) => each !== word))}
              >
                <X size={12} />
              </button>
            </span>
          ))}
          <input
            {...props}
            list={id}
            autoComplete="off"
            placeholder={words.length === 0 ? `add a ${noun}` : undefined}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKey}
            onBlur={add}
          />
          <datalist id={id}>
            {offers
              .filter((offer) => !words.includes(offer))
              .map((offer) => (
                <option key={offer} value={offer} />
              ))}
          </datalist>
        </div>
      )}
    </Field>
  );
}
