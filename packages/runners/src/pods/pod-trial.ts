import { type ApiServer, ApiServerError, type ApiServerOptions, createApiServer } from './api-server.ts';
import { podOf } from './manifest.ts';

/** What a worker does in the namespace of its crawls, as `deploy/kubernetes-pods` allows it. */
const RIGHTS: Record<string, string[]> = {
  pods: ['create', 'get', 'list', 'watch', 'delete'],
  secrets: ['create', 'patch', 'delete'],
};

interface PodTrialOptions {
  api: ApiServerOptions;
  namespace: string;
  /** Of the service itself. */
  image: string;
}

/**
 * What keeps a cluster from running crawls as Pods, in sentences: none when nothing does. Nothing is made. Throws when the
 * cluster cannot be asked.
 */
export async function podProblems({ api: where, namespace, image }: PodTrialOptions): Promise<string[]> {
  const api = createApiServer(where);
  const missing = await missingRights(api, namespace);
  if (missing.length > 0)
    return [`the account of this worker may not ${missing.join(', ')} in namespace ${namespace}`];
  const refusal = await refusedPod(api, { namespace, image });
  return refusal === null ? [] : [`the cluster refuses the Pod of a crawl: ${refusal}`];
}

async function missingRights(api: ApiServer, namespace: string): Promise<string[]> {
  const wanted = Object.entries(RIGHTS).flatMap(([resource, verbs]) =>
    verbs.map((verb) => ({ namespace, verb, resource })),
  );
  const answers = await Promise.all(
    wanted.map((resourceAttributes) =>
      api.call<{ status?: { allowed?: boolean } }>(
        'POST',
        '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
        {
          apiVersion: 'authorization.k8s.io/v1',
          kind: 'SelfSubjectAccessReview',
          spec: { resourceAttributes },
        },
      ),
    ),
  );
  return wanted
    .filter((_, n) => answers[n]?.status?.allowed !== true)
    .map(({ verb, resource }) => `${verb} ${resource}`);
}

/** Admission says what it would say of a real one: policies, quotas, the account of crawls. */
async function refusedPod(
  api: ApiServer,
  { namespace, image }: { namespace: string; image: string },
): Promise<string | null> {
  const pod = podOf({
    name: `doctor-${process.pid}`,
    job: { id: 0, attempt: 0, project: 0 },
    installation: 'doctor',
    madeBy: 'doctor',
    tokenSha256: '0',
    own: { image, python: 'python3', launcherDir: '/' },
    crawl: { image, command: ['true'], pullSecret: null },
    allowance: { units: 1, memoryBytes: 2 ** 30, processes: null, diskBytes: 2 ** 30, cpus: null },
    spoolBytes: 2 ** 20,
    lifeSeconds: 60,
    graceSeconds: 1,
  });
  try {
    await api.call('POST', `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods?dryRun=All`, pod);
    return null;
  } catch (error) {
    if (error instanceof ApiServerError && error.status > 0) return error.message;
    throw error;
  }
}
