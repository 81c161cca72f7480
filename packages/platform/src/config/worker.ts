import { resolve } from 'node:path';
import { z } from 'zod';
import { CHECKOUT } from '../checkout.ts';
import {
  ContainerEngine,
  IsolationFields,
  LauncherDirectory,
  Network,
  NetworkAllow,
  Networks,
  Port,
  PublicUrl,
  PythonPath,
  QueuePrefix,
  RequirementsFile,
  Seconds,
  ServiceConfig,
  WheelsOnly,
  WorkerSlots,
  wholeNumber,
} from './fields.ts';
import { LimitFields } from './limits.ts';
import { PodFields } from './pods.ts';
import { StorageFields } from './storage.ts';

/** Environment of a worker process. */
export const WorkerConfig = ServiceConfig.extend({
  WORKER_SLOTS: WorkerSlots,
  /** Where crawls reach the API of this installation. */
  PUBLIC_URL: PublicUrl.default('http://127.0.0.1:8000'),
  /** Where people find the page: links in mails lead there. Without it mails hold none. */
  SITE_URL: PublicUrl.optional(),
  /** Python of the base environment with Scrapy and the entrypoint. */
  SPIDERHUB_PYTHON: PythonPath.optional(),
  /** Folder of launcher scripts. */
  SPIDERHUB_LAUNCHER: LauncherDirectory.default(resolve(CHECKOUT, 'python/launcher')),
  /**
   * How a crawl of the base environment gets its Python. `cold`: it is started anew. `fork`: a copy of one that has
   * imported Scrapy already, which is several times faster; see docs/adr/0005-fork-server.md.
   */
  CRAWL_START: z.enum(['cold', 'fork']).default('fork'),
  /** Runs versions that are container images; without it these cannot run here. */
  CONTAINER_ENGINE: ContainerEngine.optional(),
  ...PodFields,
  ...IsolationFields,
  NETWORK: Network,
  NETWORK_ALLOW: NetworkAllow,
  WEBHOOK_ALLOW_NETWORKS: Networks,
  /** Pins of the base environment. */
  SPIDERHUB_REQUIREMENTS: RequirementsFile.default(resolve(CHECKOUT, 'python/requirements.txt')),
  REQUIREMENTS_WHEELS_ONLY: WheelsOnly,
  ...LimitFields,
  ...StorageFields,
  QUEUE_PREFIX: QueuePrefix,
  /** How long an attempt outlives the last life sign of its worker. */
  LEASE_SECONDS: Seconds.default(45),
  STOP_GRACE_SECONDS: Seconds.default(120),
  /**
   * What a stop does to crawls. `requeue`: they are asked to end and their jobs go back to the queue. `drain`: they may
   * finish, for DRAIN_SECONDS; then as before. `handover`: they go on, and the next worker process that starts on this
   * machine within a lease takes them over.
   */
  WORKER_STOP_MODE: z.enum(['requeue', 'drain', 'handover']).default('requeue'),
  DRAIN_SECONDS: Seconds.default(3600),
  SHUTDOWN_GRACE_SECONDS: Seconds.default(20),
  /** A deleted job can be brought back for so many days; then all of it goes. 0: at once. */
  DELETE_GRACE_DAYS: wholeNumber(0, 36_500).default(7),
  /** Events are kept for so many days. */
  EVENTS_DAYS: wholeNumber(1, 36_500).default(30),
  /** Lines of the audit log are kept for so many days. */
  AUDIT_DAYS: wholeNumber(1, 36_500).default(365),
  /** What Python environments and unpacked eggs of this machine may take, bytes; those that crawls need stay. */
  ENVS_BYTES: wholeNumber(0, 2 ** 50).default(10 * 2 ** 30),
  /** Where this machine may ask whether the worker is well; 0: nowhere. */
  HEALTH_PORT: Port.default(0),
});
export type WorkerConfig = z.output<typeof WorkerConfig>;
