import { queryOptions, useMutation, useQuery } from '@tanstack/react-query';
import { changeRule, listRules, type Rule, readRule } from '../../api/rules.ts';
import { listWebhooks } from '../../api/webhooks.ts';
import { pollWhileItStirs } from '../../lib/live/stirring.ts';
import { mayNot, useProject } from '../../lib/me.ts';
import { nothingBefore, useReadAgain as useReadKeysAgain } from '../../lib/queries.ts';
import { toast, toastError } from '../../ui/toasts.tsx';

const POLL_MS = 5000;

export const rulesQuery = (project: number) =>
  queryOptions({
    queryKey: ['rules', project],
    queryFn: ({ signal }) => listRules({ params: { project } }, { signal }),
    refetchInterval: pollWhileItStirs(project, POLL_MS),
  });

export const ruleQuery = (project: number, rule: number) =>
  queryOptions({
    queryKey: ['rule', project, rule],
    queryFn: ({ signal }) => readRule({ params: { project, rule } }, { signal }),
    placeholderData: nothingBefore,
  });

/** Addresses of the project's webhooks by their numbers, for those who may see them. */
export function useAddresses(project: number): ReadonlyMap<number, string> {
  const known = useProject(project);
  const { data } = useQuery({
    queryKey: ['webhooks', project],
    queryFn: ({ signal }) => listWebhooks({ params: { project } }, { signal }),
    enabled: known !== undefined && mayNot(known.role, 'develop') === null,
    retry: false,
  });
  return new Map(data?.webhooks.map(({ id, url }) => [id, url]));
}

/** After a change: the list and all about one of them are read again. */
export const useReadAgain = (project: number) => useReadKeysAgain(project, ['rules', 'rule']);

export function useSwitch(project: number) {
  const again = useReadAgain(project);
  return useMutation({
    mutationFn: ({ id, disabled }: Pick<Rule, 'id' | 'disabled'>) =>
      changeRule({ params: { project, rule: id }, body: { disabled: !disabled } }),
    onSuccess: async (_rule, { disabled }) => {
      toast(disabled ? 'It follows jobs that end from now on' : 'Nothing follows from it any more');
      await again();
    },
    onError: toastError,
  });
}
