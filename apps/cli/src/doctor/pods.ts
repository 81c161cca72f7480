import { podProblems } from '@spiderhub/runners';
import type { CliConfig } from '../config.ts';
import type { Finding } from './doctor.ts';

const MEND = 'kubectl apply -k deploy/kubernetes-pods (docs/kubernetes.md)';

/** Whether this worker's cluster runs crawls as Pods. Where none is asked for nobody misses it. */
export async function podFindings(config: CliConfig): Promise<Finding[]> {
  const { CRAWL_PODS, CRAWL_PODS_IMAGE: image, CRAWL_PODS_NAMESPACE: namespace } = config;
  if (CRAWL_PODS === undefined) return [];
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = config;
  if (host === undefined || image === undefined)
    return [
      {
        state: 'broken',
        words: `CRAWL_PODS needs ${image === undefined ? 'CRAWL_PODS_IMAGE' : 'a cluster around this worker'}`,
        mend: MEND,
      },
    ];
  const problems = await podProblems({
    api: { host, port, accountDir: config.KUBERNETES_ACCOUNT },
    namespace,
    image,
  });
  if (problems.length === 0) return [{ state: 'ok', words: 'the cluster takes Pods of crawls' }];
  return problems.map((words) => ({ state: 'broken', words, mend: MEND }));
}
