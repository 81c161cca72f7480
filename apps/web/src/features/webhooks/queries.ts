import { queryOptions, useMutation } from '@tanstack/react-query';
import {
  changeWebhook,
  listWebhooks,
  readWebhook,
  replayDeliveries,
  testWebhook,
  type Webhook,
} from '../../api/webhooks.ts';
import { plural } from '../../lib/format.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { nothingBefore, useReadAgain as useReadKeysAgain } from '../../lib/queries.ts';
import { toast, toastError } from '../../ui/toasts.tsx';

const POLL_MS = 5000;

export const webhooksQuery = (project: number) =>
  queryOptions({
    queryKey: ['webhooks', project],
    queryFn: ({ signal }) => listWebhooks({ params: { project } }, { signal }),
    refetchInterval: pollWhileItStirs(project, POLL_MS),
  });

export const webhookQuery = (project: number, webhook: number) =>
  queryOptions({
    queryKey: ['webhook', project, webhook],
    queryFn: ({ signal }) => readWebhook({ params: { project, webhook } }, { signal }),
    refetchInterval: pollWhileItStirs(project, POLL_MS),
    placeholderData: nothingBefore,
  });

/** After a change: the list and all about one of them are read again. */
export const useReadAgain = (project: number) => useReadKeysAgain(project, ['webhooks', 'webhook']);

/** What one does with a receiver that is there. */
export function useWebhookActs(project: number) {
  const again = useReadAgain(project);
  const enabling = useMutation({
    mutationFn: ({ id, disabled }: Pick<Webhook, 'id' | 'disabled'>) =>
      changeWebhook({ params: { project, webhook: id }, body: { disabled: !disabled } }),
    onSuccess: async (_webhook, { disabled }) => {
      toast(disabled ? 'It is in use again: what waited is sent now' : 'Nothing is sent to it any more');
      await again();
    },
    onError: toastError,
  });
  const testing = useMutation({
    mutationFn: (webhook: number) => testWebhook({ params: { project, webhook }, body: {} }),
    onSuccess: async () => {
      toast('A test message is on its way');
      await again();
    },
    onError: toastError,
  });
  const replaying = useMutation({
    mutationFn: ({ webhook, ...body }: { webhook: number; id?: string; since?: string }) =>
      replayDeliveries({ params: { project, webhook }, body }),
    onSuccess: async ({ replayed }) => {
      toast(
        replayed === 0
          ? 'Nothing to send again'
          : `${plural(replayed, 'message')} ${replayed === 1 ? 'is' : 'are'} sent again, with the same id`,
      );
      await again();
    },
    onError: toastError,
  });
  return { enabling, testing, replaying };
}
