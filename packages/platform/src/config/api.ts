import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { CHECKOUT } from '../checkout.ts';
import {
  Isolation,
  IsolationUidBase,
  LauncherDirectory,
  Port,
  PublicUrl,
  PythonPath,
  QueuePrefix,
  RequirementsFile,
  Seconds,
  ServiceConfig,
  UnitCpus,
  UnitDiskMb,
  UnitMemoryMb,
  UnitProcesses,
  WheelsOnly,
  wholeNumber,
} from './fields.ts';
import { LimitFields } from './limits.ts';
import { isProxyList } from './proxies.ts';

const TrustProxy = z
  .string()
  .refine(
    isProxyList,
    'expected addresses or networks separated by commas: 10.0.0.1,192.168.0.0/16,loopback',
  );

const MAX_PROCESSES = 64;
const ApiProcesses = z.preprocess(
  (text) => (text === 'auto' ? Math.min(availableParallelism(), MAX_PROCESSES) : text),
  wholeNumber(1, MAX_PROCESSES, ', or auto'),
);

/** Environment of an API process. */
export const ApiConfig = ServiceConfig.extend({
  HOST: z.string().default('127.0.0.1'),
  PORT: Port.default(8000),
  /** Scrapyd's dialect on a port of its own, where its clients look for it; 0 for none. */
  SCRAPYD_PORT: Port.default(6800),
  /** Processes that listen on these ports together; `auto` for one a core. */
  API_PROCESSES: ApiProcesses.default(1),
  /** Where people and clients reach this installation, when it is not HOST and PORT. */
  PUBLIC_URL: PublicUrl.optional(),
  /** Addresses or networks of reverse proxies whose X-Forwarded-For is believed, separated by commas. */
  TRUST_PROXY: TrustProxy.optional(),
  /** Wrong keys from one address in a minute before it has to wait. */
  AUTH_FAILURES_PER_MINUTE: wholeNumber(1, 1_000_000).default(60),
  /** Long answers that one caller may be reading at the same time, from each process. */
  DOWNLOADS_PER_CALLER: wholeNumber(1, 100_000).default(40),
  /** Serves the small web site that the demo spiders crawl under /demo/. */
  DEMO_SITE: z.stringbool().default(false),
  ...LimitFields,
  QUEUE_PREFIX: QueuePrefix,
  /** Python of the base environment, which lists the spiders of a deployed egg. */
  SPIDERHUB_PYTHON: PythonPath.optional(),
  SPIDERHUB_LAUNCHER: LauncherDirectory.default(resolve(CHECKOUT, 'python/launcher')),
  SPIDERHUB_REQUIREMENTS: RequirementsFile.default(resolve(CHECKOUT, 'python/requirements.txt')),
  REQUIREMENTS_WHEELS_ONLY: WheelsOnly,
  ISOLATION: Isolation,
  ISOLATION_UID_BASE: IsolationUidBase,
  UNIT_MEMORY_MB: UnitMemoryMb,
  UNIT_PROCESSES: UnitProcesses,
  UNIT_DISK_MB: UnitDiskMb,
  UNIT_CPUS: UnitCpus,
  SHUTDOWN_GRACE_SECONDS: Seconds.default(20),
});
export type ApiConfig = z.output<typeof ApiConfig>;
