import { X } from 'lucide-react';
import { type FormEvent, useState } from 'react';

/** Tags in one line; what does not fit is in the title. */
export function Tags({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null;
  return (
    <span className="tags" title={tags.join(', ')}>
      {tags.slice(0, 4).map((tag) => (
        <span key={tag} className="tag">
          <span className="cut">{tag}</span>
        </span>
      ))}
      {tags.length > 4 && <span className="dim small">+{tags.length - 4}</span>}
    </span>
  );
}

interface EditableTagsProps {
  tags: readonly string[];
  refusal: string | null;
  onAdd: (tag: string) => void;
  onRemove: (tag: string) => void;
}

/** Tags that can be taken off, and a place to type another one. */
export function EditableTags({ tags, refusal, onAdd, onRemove }: EditableTagsProps) {
  const [text, setText] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim() !== '') onAdd(text.trim());
    setText('');
  }
  return (
    <span className="row tight">
      {tags.map((tag) => (
        <span key={tag} className="tag">
          <span className="cut" title={tag}>
            {tag}
          </span>
          {refusal === null && (
            <button
              type="button"
              className="tag-remove"
              aria-label={`Remove tag ${tag}`}
              onClick={() => onRemove(tag)}
            >
              <X size={12} />
            </button>
          )}
        </span>
      ))}
      {refusal === null && (
        <form onSubmit={submit}>
          <input
            className="input tag-input"
            aria-label="Add a tag"
            placeholder="add tag"
            maxLength={255}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </form>
      )}
    </span>
  );
}
