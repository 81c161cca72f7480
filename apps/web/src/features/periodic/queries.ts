import { queryOptions, useMutation, useQueryClient } from '@tanstack/react-query';
import {
  changeSchedule,
  listSchedules,
  readSchedule,
  removeSchedule,
  runSchedule,
  type Schedule,
} from '../../api/schedules.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { nothingBefore, useReadAgain as useReadKeysAgain } from '../../lib/queries.ts';
import { toast, toastError } from '../../ui/toasts.tsx';

const POLL_MS = 5000;
/** A list works out the next runs of all of them. */
const POLL_LIST_MS = 15_000;

export const schedulesQuery = (project: number) =>
  queryOptions({
    queryKey: ['schedules', project],
    queryFn: ({ signal }) => listSchedules({ params: { project } }, { signal }),
    refetchInterval: pollWhileItStirs(project, POLL_LIST_MS),
  });

export const scheduleQuery = (project: number, schedule: number) =>
  queryOptions({
    queryKey: ['schedule', project, schedule],
    queryFn: ({ signal }) => readSchedule({ params: { project, schedule } }, { signal }),
    refetchInterval: pollWhileItStirs(project, POLL_MS),
    placeholderData: nothingBefore,
  });

/** After a change: the list and all about one of them are read again. */
export const useReadAgain = (project: number) => useReadKeysAgain(project, ['schedules', 'schedule']);

/** What one does with a periodic job that is there. */
export function useScheduleActs(project: number) {
  const again = useReadAgain(project);
  const pausing = useMutation({
    mutationFn: ({ id, disabled }: Pick<Schedule, 'id' | 'disabled'>) =>
      changeSchedule({ params: { project, schedule: id }, body: { disabled: !disabled } }),
    onSuccess: async (_schedule, { disabled }) => {
      toast(
        disabled ? 'It goes on with the next planned time' : 'It is paused: nothing runs until it goes on',
      );
      await again();
    },
    onError: toastError,
  });
  const running = useMutation({
    mutationFn: ({ id }: Pick<Schedule, 'id'>) =>
      runSchedule({ params: { project, schedule: id }, body: {} }),
    onSuccess: async () => {
      toast('It runs as if this moment had been planned');
      await again();
    },
    onError: toastError,
  });
  return { pausing, running };
}

export function useRemoval(project: number, onGone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (schedule: number) => removeSchedule({ params: { project, schedule } }),
    onSuccess: async () => {
      toast('The periodic job is deleted');
      onGone();
      await client.invalidateQueries({ queryKey: ['schedules', project] });
    },
  });
}
