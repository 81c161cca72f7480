import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Bookmark } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { deleteView, listViews, saveView, type View } from '../../api/spiders.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { Menu, MenuItem, MenuRule } from '../../ui/menu.tsx';
import { toastError } from '../../ui/toasts.tsx';

interface ViewsMenuProps {
  project: number;
  q: string;
  onOpen: (q: string) => void;
}

/** Filters that were saved: one's own, and those of the project. */
export function ViewsMenu({ project, q, onOpen }: ViewsMenuProps) {
  const key = ['views', project];
  const client = useQueryClient();
  const views = useQuery({ queryKey: key, queryFn: () => listViews({ params: { project } }), retry: false });
  const [isSaving, setSaving] = useState(false);
  const list = views.data?.views ?? [];
  const here = list.find((view) => view.q === q);
  const forgetting = useMutation({
    mutationFn: (view: View) => deleteView({ params: { project, view: view.id } }),
    onSuccess: () => client.invalidateQueries({ queryKey: key }),
    onError: toastError,
  });
  return (
    <>
      <Menu
        label="Saved views"
        trigger={
          <>
            <Bookmark size={14} /> {here?.name ?? 'Views'}
          </>
        }
      >
        {list.map((view) => (
          <MenuItem key={view.id} onSelect={() => onOpen(view.q)}>
            <span className="grow cut">{view.name}</span>
            <span className="dim small">{view.isShared ? `shared by ${view.createdBy}` : 'mine'}</span>
          </MenuItem>
        ))}
        {list.length === 0 && <div className="heading">No view is saved yet</div>}
        <MenuRule />
        <MenuItem disabled={q === ''} onSelect={() => setSaving(true)}>
          Save this filter …
        </MenuItem>
        {here && <MenuItem onSelect={() => forgetting.mutate(here)}>Forget “{here.name}”</MenuItem>}
      </Menu>
      {isSaving && (
        <SaveView
          project={project}
          q={q}
          onClose={() => setSaving(false)}
          onSaved={() => void client.invalidateQueries({ queryKey: key })}
        />
      )}
    </>
  );
}

interface SaveViewProps {
  project: number;
  q: string;
  onClose: () => void;
  onSaved: () => void;
}

function SaveView({ project, q, onClose, onSaved }: SaveViewProps) {
  const [name, setName] = useState('');
  const [isShared, setShared] = useState(false);
  const saving = useMutation({
    mutationFn: () => saveView({ params: { project }, body: { name, q, isShared } }),
    onSuccess: () => {
      onSaved();
      onClose();
    },
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    saving.mutate();
  }
  return (
    <Dialog open onClose={onClose} title="Save this filter">
      <form onSubmit={submit}>
        <div className="body stack">
          <code className="anywhere">{q}</code>
          <label className="field">
            <span className="label">Name</span>
            <input
              className="input"
              required
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <label className="row">
            <input
              type="checkbox"
              className="check"
              checked={isShared}
              onChange={(event) => setShared(event.target.checked)}
            />
            Everybody in the project sees it
          </label>
          {saving.error && <ErrorPanel error={saving.error} />}
        </div>
        <footer>
          <button type="submit" className="button primary" disabled={saving.isPending}>
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
