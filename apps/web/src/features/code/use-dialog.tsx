import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useVersion as bringIntoUse, readVersion, type Version } from '../../api/versions.ts';
import { plural } from '../../lib/format.ts';
import { isolated } from '../../lib/isolated.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorPanel, Pending } from '../../ui/feedback.tsx';
import { toast } from '../../ui/toasts.tsx';

interface UseDialogProps {
  project: number;
  version: Version;
  onClose: () => void;
}

/** What appears and what vanishes when a version comes into use, before it does. */
export function UseDialog({ project, version, onClose }: UseDialogProps) {
  const client = useQueryClient();
  const params = { project, version: version.name };
  const details = useQuery({
    queryKey: ['version', project, version.name],
    queryFn: () => readVersion({ params }),
  });
  const taking = useMutation({
    mutationFn: () => bringIntoUse({ params, body: {} }),
    onSuccess: async () => {
      toast(`Version ${isolated(version.name)} is in use: new jobs run it`);
      await client.invalidateQueries({ queryKey: ['versions', project] });
      onClose();
    },
  });
  const use = details.data?.use;
  return (
    <Dialog open onClose={onClose} title={`Use version ${isolated(version.name)}?`}>
      <div className="body stack">
        <p>New jobs run it from now on. Jobs that run already go on with theirs.</p>
        <Pending query={details} rows={3} />
        {use && (
          <>
            <Names title="Spiders that appear" names={use.appear} />
            <Names title="Spiders that vanish" names={use.vanish} isBad />
            {use.breaksPeriodic.length > 0 && (
              <p className="note warn">
                {plural(use.breaksPeriodic.length, 'periodic job')} would have nothing to run:{' '}
                {use.breaksPeriodic.join(', ')}
              </p>
            )}
            {use.appear.length + use.vanish.length === 0 && <p>It has the same spiders.</p>}
          </>
        )}
        {taking.error && <ErrorPanel error={taking.error} />}
      </div>
      <footer>
        <button
          type="button"
          className="button primary"
          disabled={taking.isPending || !use}
          onClick={() => taking.mutate()}
        >
          Use it
        </button>
      </footer>
    </Dialog>
  );
}

interface NamesProps {
  title: string;
  names: readonly string[];
  isBad?: boolean;
}

function Names({ title, names, isBad = false }: NamesProps) {
  if (names.length === 0) return null;
  return (
    <div>
      <h3 className={isBad ? 'bad' : undefined}>{title}</h3>
      <p className="anywhere mono">{names.map(isolated).join(', ')}</p>
    </div>
  );
}
