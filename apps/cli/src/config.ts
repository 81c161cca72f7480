import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { UserError } from '@spiderhub/hosting';
import {
  CertificateFile,
  CHECKOUT,
  ContainerEngine,
  type DatabaseAddress,
  DatabaseUrl,
  databaseAddress,
  HomeDirectory,
  IsolationFields,
  LimitFields,
  LogLevel,
  Network,
  PodFields,
  Port,
  PublicUrl,
  PythonPath,
  RedisUrl,
  readConfig,
  Seconds,
  SecretsKey,
  StorageFields,
  WorkerSlots,
  withoutEmpty,
} from '@spiderhub/platform';
import { z } from 'zod';

/** What `spiderhub` reads; the services that it starts read more of the same environment. */
const CliConfig = z.object({
  DATABASE_URL: DatabaseUrl.optional(),
  DATABASE_DIRECT_URL: DatabaseUrl.optional(),
  PGSSLROOTCERT: CertificateFile.optional(),
  REDIS_URL: RedisUrl.optional(),
  REDIS_CA_FILE: CertificateFile.optional(),
  SPIDERHUB_HOME: HomeDirectory,
  CONTAINER_ENGINE: ContainerEngine.optional(),
  ...IsolationFields,
  NETWORK: Network,
  SPIDERHUB_PYTHON: PythonPath.optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: Port.default(8000),
  SCRAPYD_PORT: Port.default(6800),
  PUBLIC_URL: PublicUrl.optional(),
  WORKER_SLOTS: WorkerSlots,
  SHUTDOWN_GRACE_SECONDS: Seconds.default(20),
  WORKER_STOP_MODE: z.string().optional(),
  DRAIN_SECONDS: Seconds.default(3600),
  LOG_LEVEL: LogLevel.default('info'),
  SECRETS_KEY: SecretsKey.optional(),
  ...LimitFields,
  ...PodFields,
  ...StorageFields,
});
export type CliConfig = z.output<typeof CliConfig>;

/** How the database is reached that the environment names; undefined where we bring one along. */
export function givenDatabase({ DATABASE_URL, ...more }: CliConfig): DatabaseAddress | undefined {
  if (DATABASE_URL !== undefined) return databaseAddress({ DATABASE_URL, ...more });
  if (more.DATABASE_DIRECT_URL === undefined) return undefined;
  throw new UserError('DATABASE_DIRECT_URL: is given, and DATABASE_URL is not');
}

export interface Settings {
  config: CliConfig;
  /** The environment with `.env` below it: what services are started with. */
  env: NodeJS.ProcessEnv;
}

/** Reads the environment; `.env` in the checkout fills in what is not set. */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const file = join(CHECKOUT, '.env');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  const env = { ...withoutEmpty(fromFile), ...withoutEmpty(environment) };
  return { env, config: readConfig(CliConfig, env) };
}
