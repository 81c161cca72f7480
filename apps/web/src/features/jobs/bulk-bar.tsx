import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useRef, useState } from 'react';
import { type BulkReport, deleteJobs, runJobsAgain, shortKey, stopJobs, tagJobs } from '../../api/jobs.ts';
import { count, plural } from '../../lib/format.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorPanel } from '../../ui/feedback.tsx';
import { toast } from '../../ui/toasts.tsx';
import { doInParts, type Progress, type Selected } from './bulk.ts';

interface BulkBarProps {
  project: number;
  keys: ReadonlySet<string>;
  /** All that match the filter are meant, not only what is loaded. */
  isAll: boolean;
  q: string;
  matching: { count: number; atLeast: boolean } | null;
  onAll: () => void;
  onClear: () => void;
}

type Verb = 'run' | 'stop' | 'delete' | 'add tag' | 'remove tag';
const DONE: Record<Verb, string> = {
  run: 'scheduled again',
  stop: 'stopped',
  delete: 'deleted',
  'add tag': 'tagged',
  'remove tag': 'changed',
};

/** What can be done with several jobs at once. */
export function BulkBar({ project, keys, isAll, q, matching, onAll, onClear }: BulkBarProps) {
  const role = useProject(project)?.role;
  const navigate = useNavigate();
  const [asked, ask] = useState<Verb | null>(null);
  const bulk = useBulk(project, isAll ? { q } : { keys: [...keys] }, onClear);
  const many = isAll ? matchingText(matching) : plural(keys.size, 'job');
  const two = !isAll && keys.size === 2 ? [...keys] : null;
  const refusals = { run: mayNot(role, 'run'), delete: mayNot(role, 'delete') };
  const button = (verb: Verb, words: string, refusal: string | null, act: () => void) => (
    <button
      key={verb}
      type="button"
      className={verb === 'delete' ? 'button danger' : 'button'}
      disabled={refusal !== null || bulk.isPending}
      title={refusal ?? undefined}
      onClick={act}
    >
      {words}
    </button>
  );
  return (
    <div className="bulk" role="toolbar" aria-label="Selected jobs">
      <strong>{many} selected</strong>
      {button('run', 'Run again', refusals.run, () => bulk.mutate({ verb: 'run' }))}
      {button('stop', 'Stop', refusals.run, () => bulk.mutate({ verb: 'stop' }))}
      {button('add tag', 'Add tag', refusals.run, () => ask('add tag'))}
      {button('remove tag', 'Remove tag', refusals.run, () => ask('remove tag'))}
      {two && (
        <button
          type="button"
          className="button"
          onClick={() =>
            void navigate({
              to: '/p/$project/compare',
              params: { project },
              search: { a: shortKey(two[0] ?? ''), b: shortKey(two[1] ?? '') },
            })
          }
        >
          Compare
        </button>
      )}
      {button('delete', 'Delete', refusals.delete, () => ask('delete'))}
      {!isAll && matching && (matching.atLeast || matching.count > keys.size) && (
        <button type="button" className="button quiet" onClick={onAll}>
          Select all {matchingText(matching)} that match
        </button>
      )}
      <button type="button" className="button quiet push" onClick={onClear}>
        Clear
      </button>
      {bulk.progress && <Working progress={bulk.progress} onCancel={bulk.cancel} />}
      {bulk.error && <ErrorPanel error={bulk.error} />}
      {(asked === 'add tag' || asked === 'remove tag') && (
        <AskTag
          verb={asked}
          many={many}
          onClose={() => ask(null)}
          onTag={(tag) => bulk.mutate({ verb: asked, tag })}
        />
      )}
      {asked === 'delete' && (
        <AskDelete
          many={many}
          number={isAll ? (matching?.count ?? 0) : keys.size}
          onClose={() => ask(null)}
          onDelete={() => bulk.mutate({ verb: 'delete' })}
        />
      )}
    </div>
  );
}

function matchingText(matching: BulkBarProps['matching']): string {
  if (!matching) return 'all';
  return `${count(matching.count)}${matching.atLeast ? '+' : ''}`;
}

interface Deed {
  verb: Verb;
  tag?: string;
}

function useBulk(project: number, selected: Selected, onClear: () => void) {
  const client = useQueryClient();
  const [progress, setProgress] = useState<Progress | null>(null);
  const cancelled = useRef(false);
  const params = { project };
  function calls({ verb, tag = '' }: Deed): (body: Selected & { cursor?: string }) => Promise<BulkReport> {
    // One for the whole: a part that is sent again makes no second jobs.
    const key = crypto.randomUUID();
    let part = 0;
    switch (verb) {
      case 'stop':
        return (body) => stopJobs({ params, body });
      case 'delete':
        return (body) => deleteJobs({ params, body });
      case 'add tag':
        return (body) => tagJobs({ params, body: { ...body, add: [tag] } });
      case 'remove tag':
        return (body) => tagJobs({ params, body: { ...body, remove: [tag] } });
      case 'run':
        return (body) => {
          part += 1;
          return runJobsAgain({ params, body }, { headers: { 'Idempotency-Key': `${key}-${part}` } });
        };
    }
  }
  const doing = useMutation({
    mutationFn: (deed: Deed) => {
      cancelled.current = false;
      return doInParts(calls(deed), selected, setProgress, () => cancelled.current);
    },
    onSuccess: ({ done, skipped, refused }, { verb }) => {
      const more = skipped > 0 ? `, ${count(skipped)} had nothing to do` : '';
      toast(`${plural(done, 'job')} ${DONE[verb]}${more}`);
      if (refused.length > 0) {
        const [one] = refused;
        toast(`${plural(refused.length, 'job')} refused; ${one?.key}: ${one?.why}`, 'fail');
      }
      onClear();
    },
    onSettled: () => {
      setProgress(null);
      return client.invalidateQueries({ queryKey: ['jobs', project] });
    },
  });
  return {
    mutate: doing.mutate,
    isPending: doing.isPending,
    error: doing.error,
    progress,
    cancel: () => {
      cancelled.current = true;
    },
  };
}

function Working({ progress, onCancel }: { progress: Progress; onCancel: () => void }) {
  return (
    <div className="row" role="status">
      <span>{count(progress.done)} so far</span>
      <button type="button" className="button" onClick={onCancel}>
        Leave it at that
      </button>
    </div>
  );
}

interface AskTagProps {
  verb: 'add tag' | 'remove tag';
  many: string;
  onClose: () => void;
  onTag: (tag: string) => void;
}

function AskTag({ verb, many, onClose, onTag }: AskTagProps) {
  const [tag, setTag] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    onTag(tag.trim());
    onClose();
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={verb === 'add tag' ? `Add a tag to ${many}` : `Remove a tag from ${many}`}
    >
      <form onSubmit={submit}>
        <div className="body">
          <input
            className="input"
            style={{ width: '100%' }}
            aria-label="Tag"
            required
            value={tag}
            onChange={(event) => setTag(event.target.value)}
          />
        </div>
        <footer>
          <button type="submit" className="button primary">
            {verb === 'add tag' ? 'Add' : 'Remove'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

interface AskDeleteProps {
  many: string;
  number: number;
  onClose: () => void;
  onDelete: () => void;
}

/** What cannot be taken back by a click is not done by a click. */
function AskDelete({ many, number, onClose, onDelete }: AskDeleteProps) {
  const [typed, setTyped] = useState('');
  function submit(event: FormEvent) {
    event.preventDefault();
    onDelete();
    onClose();
  }
  return (
    <Dialog open onClose={onClose} title={`Delete ${many}?`}>
      <form onSubmit={submit}>
        <div className="body stack">
          <p>
            Their items, logs and requests go with them. For some days an operator can bring them back:{' '}
            <code>npm run admin -- job undelete</code>.
          </p>
          <label className="field">
            <span className="label">Type {number} to go on</span>
            <input
              className="input"
              inputMode="numeric"
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
            />
          </label>
        </div>
        <footer>
          <button type="submit" className="button danger" disabled={typed.trim() !== String(number)}>
            Delete
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
