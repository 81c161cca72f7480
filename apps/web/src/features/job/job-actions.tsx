import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ChevronDown, GitCompareArrows, RotateCw, Square } from 'lucide-react';
import { useState } from 'react';
import { deleteJob, type Job, type JobAddress, shortKey, stopJob } from '../../api/jobs.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { askToRun } from '../../lib/run-request.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Menu, MenuItem } from '../../ui/menu.tsx';
import { toast, toastError } from '../../ui/toasts.tsx';

/** Stop, run again, compare, delete. */
export function JobActions({ job, address }: { job: Job; address: JobAddress }) {
  const { project } = address;
  const navigate = useNavigate();
  const role = useProject(project)?.role;
  const [isDeleting, setDeleting] = useState(false);
  const refusal = mayNot(role, 'run');
  const { stopping, deleting } = useActs(job, address);
  const isActive = job.state === 'pending' || job.state === 'running';
  const compareWith = job.lastGood;
  return (
    <>
      {isActive && (
        <button
          type="button"
          className="button"
          disabled={refusal !== null || stopping.isPending || job.stopRequested}
          title={refusal ?? undefined}
          onClick={() => stopping.mutate(false)}
        >
          <Square size={14} /> {job.stopRequested ? 'Stopping' : 'Stop'}
        </button>
      )}
      {compareWith && (
        <button
          type="button"
          className="button"
          onClick={() =>
            void navigate({
              to: '/p/$project/compare',
              params: { project },
              search: { a: shortKey(compareWith), b: shortKey(job.key) },
            })
          }
        >
          <GitCompareArrows size={14} /> Compare with last good
        </button>
      )}
      <button
        type="button"
        className="button primary"
        disabled={refusal !== null}
        title={refusal ?? 'r'}
        onClick={() => askToRun({ project, again: job.key })}
      >
        <RotateCw size={14} /> Run again
      </button>
      <Menu label="More to do with this job" trigger={<ChevronDown size={14} />}>
        <MenuItem
          disabled={job.state !== 'running' || refusal !== null}
          onSelect={() => stopping.mutate(true)}
        >
          Kill its process
        </MenuItem>
        <MenuItem disabled={mayNot(role, 'delete') !== null} onSelect={() => setDeleting(true)}>
          Delete …
        </MenuItem>
      </Menu>
      <Dialog open={isDeleting} onClose={() => setDeleting(false)} title={`Delete job ${shortKey(job.key)}?`}>
        <div className="body">Its items, log and requests go with it.</div>
        <footer>
          <button
            type="button"
            className="button danger"
            disabled={deleting.isPending}
            onClick={() => deleting.mutate()}
          >
            Delete
          </button>
        </footer>
      </Dialog>
    </>
  );
}

/** What changes the job itself. */
function useActs(job: Job, address: JobAddress) {
  const { project } = address;
  const client = useQueryClient();
  const navigate = useNavigate();
  const again = () => client.invalidateQueries({ queryKey: ['job', project, address.spider, address.job] });
  const stopping = useMutation({
    mutationFn: (kill: boolean) => stopJob({ params: { ...address }, body: { kill } }),
    onSuccess: ({ stopped }) => {
      toast(stopped ? `Job ${shortKey(job.key)} is asked to stop` : 'It was over already');
      return again();
    },
    onError: toastError,
  });
  const deleting = useMutation({
    mutationFn: () => deleteJob({ params: { ...address } }),
    onSuccess: async () => {
      toast(`Job ${shortKey(job.key)} is deleted`);
      await client.invalidateQueries({ queryKey: ['jobs', project] });
      await navigate({ to: '/p/$project/jobs', params: { project } });
    },
    onError: toastError,
  });
  return { stopping, deleting };
}
