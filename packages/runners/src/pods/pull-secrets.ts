import { type RegistryLogin, registryOf } from '@spiderhub/core';
import type { ApiServer } from './api-server.ts';
import type { Pod } from './pod.ts';

/** A project's login to a registry, for the nodes that fetch its images. */
export interface PullSecrets {
  /** Returns its name. */
  make(name: string, image: string, login: RegistryLogin): Promise<string>;
  /** From now on it goes with the Pod, whoever removes that. */
  tie(name: string, pod: Pod): Promise<void>;
  remove(name: string): Promise<void>;
}

export function createPullSecrets(api: ApiServer, namespace: string): PullSecrets {
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets`;
  return {
    async make(name, image, { username, password }) {
      const auth = Buffer.from(`${username}:${password}`).toString('base64');
      const config = JSON.stringify({ auths: { [registryOf(image)]: { auth } } });
      await api.call('POST', path, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, labels: { 'app.kubernetes.io/name': 'spiderhub' } },
        type: 'kubernetes.io/dockerconfigjson',
        data: { '.dockerconfigjson': Buffer.from(config).toString('base64') },
      });
      return name;
    },
    async tie(name, { metadata }) {
      const owner = { apiVersion: 'v1', kind: 'Pod', name: metadata.name, uid: metadata.uid };
      const patch = { metadata: { ownerReferences: [owner] } };
      await api.call('PATCH', `${path}/${name}`, patch, 'application/merge-patch+json');
    },
    remove: (name) =>
      api.call('DELETE', `${path}/${name}`).then(
        () => undefined,
        () => undefined,
      ),
  };
}
