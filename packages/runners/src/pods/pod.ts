/** What this program reads of a Pod. */
export interface Pod {
  metadata: {
    name: string;
    uid?: string;
    resourceVersion?: string;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
  };
}

interface ContainerStatus {
  name: string;
  state?: {
    waiting?: { reason?: string; message?: string };
    running?: object;
    terminated?: { exitCode: number; signal?: number; reason?: string; message?: string };
  };
}

export const LABELS = {
  installation: 'spiderhub.org/installation',
  id: 'spiderhub.org/job',
  attempt: 'spiderhub.org/attempt',
};
/** Which worker process made it. */
export const MADE_BY = 'spiderhub.org/made-by';

export function statusOf(pod: Pod, container: string): ContainerStatus['state'] {
  return pod.status?.containerStatuses?.find(({ name }) => name === container)?.state;
}

/** Which attempt a Pod is for, null when it is not for any. */
export function attemptOf({ metadata: { labels = {} } }: Pod): { id: number; attempt: number } | null {
  const [id, attempt] = [Number(labels[LABELS.id]), Number(labels[LABELS.attempt])];
  return Number.isSafeInteger(id) && Number.isSafeInteger(attempt) && id > 0 && attempt > 0
    ? { id, attempt }
    : null;
}
