import { z } from 'zod';
import { Port, Seconds, wholeNumber } from './fields.ts';

const DAY_SECONDS = 24 * 3600;

/** Crawls as Pods of a cluster: see docs/kubernetes.md. */
export const PodFields = {
  /**
   * Which crawls are Pods. `images`: those of versions that are container images. `all`: those of eggs, too, unless they
   * need packages of their own or another stack. Without it none, and nothing of a cluster is looked for.
   */
  CRAWL_PODS: z.enum(['images', 'all']).optional(),
  /** Where their Pods are. */
  CRAWL_PODS_NAMESPACE: z
    .string()
    .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'expected the name of a namespace')
    .default('spiderhub-crawls'),
  /** The image of this worker itself: it runs beside each crawl, and as the crawl of an egg. */
  CRAWL_PODS_IMAGE: z.string().min(1).optional(),
  /** How long a Pod may take to start. */
  CRAWL_PODS_START_SECONDS: Seconds.default(600),
  /** The cluster ends each Pod after so long, whatever the service does. */
  CRAWL_PODS_LIFE_SECONDS: wholeNumber(60, 365 * DAY_SECONDS).default(7 * DAY_SECONDS),
  /** The API server, as the kubelet tells each Pod. */
  KUBERNETES_SERVICE_HOST: z.string().optional(),
  KUBERNETES_SERVICE_PORT: Port.default(443),
  /** Holds `token` and `ca.crt` of the worker's service account. */
  KUBERNETES_ACCOUNT: z.string().default('/var/run/secrets/kubernetes.io/serviceaccount'),
};
