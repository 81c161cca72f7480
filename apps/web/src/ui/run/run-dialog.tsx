import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import { addressOfKey, readRunAgain, runJob, shortKey } from '../../api/jobs.ts';
import { askToRun, type RunRequest } from '../../lib/run-request.ts';
import { Dialog } from '../dialog.tsx';
import { ErrorPanel, Pending } from '../feedback.tsx';
import { isOfNoField } from '../field.tsx';
import { toast } from '../toasts.tsx';
import { bodyOf, type Draft, draftOf, emptyDraft } from './draft.ts';
import { RunFields } from './run-fields.tsx';
import { RunLines } from './run-lines.tsx';
import { useOffers } from './use-offers.ts';

/** Starts a job. Opened with another one, it is filled in with what that one had. */
export default function RunDialog({ request }: { request: RunRequest }) {
  const { again } = request;
  const before = useQuery({
    queryKey: ['again', again],
    queryFn: () => readRunAgain({ params: addressOfKey(again ?? '') }),
    enabled: again !== undefined,
  });
  return (
    <Dialog
      open
      wide
      onClose={() => askToRun(null)}
      title={again ? `Run again: ${shortKey(again)}` : 'Run a spider'}
    >
      {again && !before.data ? (
        <div className="body">
          <Pending query={before} rows={4} />
        </div>
      ) : (
        <RunForm
          project={request.project}
          initial={before.data ? draftOf(before.data) : emptyDraft(request.spider)}
        />
      )}
    </Dialog>
  );
}

/** Fields whose errors stand beside them. */
const FIELDS = ['spider', 'tags', 'version', 'priority', 'units', 'command'];

function RunForm({ project, initial }: { project: number; initial: Draft }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [draft, setDraft] = useState(initial);
  // One for each job that is meant: a double click or a repeated call makes no second one.
  const [key, setKey] = useState(() => crypto.randomUUID());
  const [parallel, setParallel] = useState(false);
  const offers = useOffers(project, draft.spider);
  const running = useMutation({
    mutationFn: (_stays: boolean) =>
      runJob(
        { params: { project }, body: { ...bodyOf(draft), ...(parallel && { parallel }) } },
        { headers: { 'Idempotency-Key': key } },
      ),
    onSuccess: async ({ key: made }, stays) => {
      await client.invalidateQueries({ queryKey: ['jobs', project] });
      toast(`Job ${shortKey(made)} is scheduled`);
      setKey(crypto.randomUUID());
      if (stays) return;
      askToRun(null);
      const { spider, job } = addressOfKey(made);
      await navigate({ to: '/p/$project/$spider/$job', params: { project, spider: String(spider), job } });
    },
    // What is mended is another request.
    onError: () => setKey(crypto.randomUUID()),
  });
  const { error } = running;
  function submit(event: FormEvent) {
    event.preventDefault();
    if (!running.isPending) running.mutate(false);
  }
  function onKey(event: KeyboardEvent) {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!running.isPending) running.mutate(true);
  }
  const isKnown = isOfNoField(error, FIELDS) && !/^(args|settings|environment)\./.test(fieldOf(error));
  return (
    <form onSubmit={submit} onKeyDown={onKey} className="dialog-form">
      <div className="body stack">
        <RunFields project={project} draft={draft} onChange={setDraft} offers={offers} error={error} />
        {codeOf(error) === 'already_scheduled' && (
          <label className="row">
            <input
              type="checkbox"
              className="check"
              checked={parallel}
              onChange={(event) => setParallel(event.target.checked)}
            />
            Run it all the same, beside that one
          </label>
        )}
        {isKnown && <ErrorPanel error={error} />}
        <RunLines project={project} draft={draft} />
      </div>
      <footer>
        <button
          type="button"
          className="button"
          disabled={running.isPending}
          onClick={() => running.mutate(true)}
          title="Ctrl Enter"
        >
          Run and stay here
        </button>
        <button type="submit" className="button primary" disabled={running.isPending}>
          Run
        </button>
      </footer>
    </form>
  );
}

const fieldOf = (error: unknown): string => (error as { field?: string } | null)?.field ?? '';
const codeOf = (error: unknown): string => (error as { code?: string } | null)?.code ?? '';
