import { createHash, createHmac } from 'node:crypto';
import { type AgentClient, createAgentClient } from './agent-client.ts';
import { type ApiServer, ApiServerError, type ApiServerOptions, createApiServer } from './api-server.ts';
import { LABELS } from './pod.ts';
import { createPodWatch, type PodWatch } from './pod-watch.ts';
import { createPullSecrets, type PullSecrets } from './pull-secrets.ts';

/** The Pods of one installation in one namespace. */
export interface InstallationPods {
  api: ApiServer;
  /** Where Pods are made. */
  path: string;
  watch: PodWatch;
  pullSecrets: PullSecrets;
  /** Parts the installations that share a namespace. */
  installation: string;
  nameOf(attempt: { id: number; attempt: number }): string;
  /** What the agent of a Pod wants to see; every worker of the installation can tell. */
  tokenOf(name: string): string;
  agentOf(name: string, host: string): AgentClient;
  remove(name: string, graceSeconds: number): Promise<void>;
}

interface InstallationPodsOptions {
  api: ApiServerOptions;
  namespace: string;
  secret: string;
  log?: (message: string, details?: Record<string, unknown>) => void;
}

export function openInstallationPods(
  { api: where, namespace, secret, log }: InstallationPodsOptions,
  worker: string,
): InstallationPods {
  const api = createApiServer(where);
  const hash = createHash('sha256').update(`installation ${secret}`).digest('hex');
  const installation = hash.slice(0, 16);
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`;
  const selector = encodeURIComponent(`${LABELS.installation}=${installation}`);
  const tokenOf = (name: string) => createHmac('sha256', secret).update(`pod ${name}`).digest('hex');
  return {
    api,
    path,
    installation,
    tokenOf,
    watch: createPodWatch(api, `${path}?labelSelector=${selector}`, (error) =>
      log?.('the cluster cannot be asked', { error }),
    ),
    pullSecrets: createPullSecrets(api, namespace),
    nameOf: ({ id, attempt }) => `crawl-${id}-${attempt}-${installation.slice(0, 8)}`,
    agentOf: (name, host) => createAgentClient({ host, token: tokenOf(name), worker }),
    async remove(name, graceSeconds) {
      const body = { gracePeriodSeconds: graceSeconds };
      await api.call('DELETE', `${path}/${name}`, body).catch((error: unknown) => {
        if (!(error instanceof ApiServerError && error.status === 404)) throw error;
      });
    },
  };
}
