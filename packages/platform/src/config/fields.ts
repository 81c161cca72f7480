import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { readRedisUrl } from '../addresses/redis-url.ts';

/**
 * `postgresql://user:password@host:5432/name`, or `postgresql:///name?host=/socket/dir&user=name`. The files that it names
 * for TLS are there.
 */
export const DatabaseUrl = z
  .url({ protocol: /^postgres(ql)?$/, error: 'expected postgresql://user:password@host:5432/name' })
  .superRefine((url, context) => {
    const { searchParams } = new URL(url);
    for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
      const path = searchParams.get(name);
      if (path !== null && !isFile(path))
        context.addIssue({ code: 'custom', message: `names a file in ${name} that cannot be read` });
    }
  });

/** `redis://host:6379/0`, `rediss://…` (TLS), `unix:///path/redis.sock`, or several Sentinels: see `readRedisUrl`. */
export const RedisUrl = z.string().superRefine((url, context) => {
  try {
    readRedisUrl(url);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** Absolute path of certificates in PEM: authorities that TLS believes. */
export const CertificateFile = z
  .string()
  .transform((path) => resolve(path))
  .refine(holdsCertificates, 'expected a file with certificates in PEM');

/** 0 lets the system choose a free port. */
export const Port = wholeNumber(0, 65_535);

export const LogLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

/** Absolute path. */
export const HomeDirectory = z
  .string()
  .default('.spiderhub')
  .transform((path) => resolve(path));

/** Namespace of an installation's keys in Redis. */
export const QueuePrefix = z
  .string()
  .regex(/^[\w-]+$/, 'expected letters, digits, - and _')
  .default('spiderhub');

/** An address that other programs reach, without slash at its end. */
export const PublicUrl = z
  .url({ protocol: /^https?$/, error: 'expected http://host:port' })
  .transform((url) => url.replace(/\/+$/, ''));

/** A whole number between two others, both included. What is wrong is answered with the range, and `orElse`. */
export function wholeNumber(min: number, max: number, orElse = '') {
  return z.coerce.number(`expected a whole number from ${min} to ${max}${orElse}`).int().min(min).max(max);
}

const DAY_SECONDS = 86_400;

/** A duration in seconds, parts of seconds too, a day at most. */
export const Seconds = z.coerce
  .number(`expected a number of seconds above 0, ${DAY_SECONDS} at most`)
  .positive()
  .max(DAY_SECONDS);

/** Crawls that run at the same time in one worker process. */
export const WorkerSlots = wholeNumber(1, 10_000).default(Math.max(2, availableParallelism()));

/** Absolute path of an interpreter; a bare name is looked for where programs are. */
export const PythonPath = z
  .string()
  .transform((path) => (path.includes('/') ? resolve(path) : path))
  .refine(
    (path) => !path.includes('/') || isProgram(path),
    'expected a program, a Python with Scrapy; leave it empty for the one below SPIDERHUB_HOME',
  );

/** Absolute path of the folder with our scripts in Python. */
export const LauncherDirectory = z
  .string()
  .transform((path) => resolve(path))
  .refine((path) => isFile(join(path, 'crawl.py')), 'expected the folder of the launcher scripts');

/** Absolute path of a file in the format of pip. */
export const RequirementsFile = z
  .string()
  .transform((path) => resolve(path))
  .refine(isFile, 'expected a file with requirements as pip reads them');

/** A program, and what stands before each of its commands, separated by blanks. */
export const ContainerEngine = z
  .string()
  .transform((text) => text.trim().split(/\s+/))
  .refine(
    ([program = '']) => /(^|\/)(podman|docker)[^/]*$/.test(program),
    'expected podman or docker, and options for all of its commands',
  );

/** How code of projects is kept apart and what it may take, for every process that runs some. */
export const IsolationFields = {
  /** How far it is kept away from the rest: see docs/security.md. */
  ISOLATION: z.enum(['auto', 'box', 'uid', 'none']).default('auto'),
  /** User id of project 0, far above those of people; each project has the one above the last project's. */
  ISOLATION_UID_BASE: wholeNumber(1000, 2_000_000_000).default(200_000),
  /** What one unit of a job allows: see docs/limits.md. 0: no limit. */
  UNIT_MEMORY_MB: wholeNumber(0, 2 ** 24).default(1024),
  UNIT_PROCESSES: wholeNumber(0, 1_000_000).default(256),
  UNIT_DISK_MB: wholeNumber(0, 2 ** 30).default(2560),
  UNIT_CPUS: z.coerce.number('expected a number of cores from 0 to 1024').min(0).max(1024).default(0),
};

/** One key of 32 bytes in base64 or hex, or several: the first seals, all open. */
export const SecretsKey = z
  .string()
  .regex(
    /^\s*(?:[0-9a-f]{64}|[\w+/-]{43}=?)(?:[\s,]+(?:[0-9a-f]{64}|[\w+/-]{43}=?))*\s*$/i,
    'expected 32 bytes in base64 or hex, such as "openssl rand -base64 32" writes; several are separated by commas',
  );

/** `smtp://user:password@host:587` (with TLS where the server has it), or `smtps://host` for TLS from the beginning. */
export const SmtpUrl = z.url({
  protocol: /^smtps?$/,
  hostname: /./,
  error: 'expected smtp://user:password@host:587 or smtps://user:password@host',
});

/** An address, with a name before it or without. */
export const SmtpFrom = z
  .string()
  .regex(
    /^(?:[^<>\r\n]*<[^<>@\s]+@[^<>@\s]+>|[^<>@\s]+@[^<>@\s]+)$/,
    'expected Spiderhub <spiderhub@example.org>',
  );

/** What keeps crawls from addresses that are not public. */
export const Network = z.enum(['auto', 'rules', 'proxy', 'open']).default('auto');

/** Destinations that every project's crawls may reach, separated by commas: 127.0.0.1:8080,10.1.2.0/24:* */
export const NetworkAllow = z.string().default('');

/** Networks that webhooks may reach although they are not public, separated by commas: 10.1.0.0/16,127.0.0.1 */
export const Networks = z
  .string()
  .default('')
  .transform((text) => text.split(/[\s,]+/).filter((word) => word !== ''))
  .refine(
    (words) => words.every(isNetwork),
    'expected addresses or networks separated by commas: 10.1.0.0/16,::1',
  );

function isNetwork(word: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(word) ?? [];
  const size = { 0: -1, 4: 32, 6: 128 }[isIP(address)] as number;
  return size > 0 && Number(bits ?? 0) <= size;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function holdsCertificates(path: string): boolean {
  try {
    return isFile(path) && readFileSync(path, 'utf8').includes('-----BEGIN CERTIFICATE-----');
  } catch {
    return false;
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return isFile(path);
  } catch {
    return false;
  }
}

/** Whether a project's requirements are taken only as wheels of the package index: building runs their own code. */
export const WheelsOnly = z.stringbool('expected true or false').default(false);

/** What every long-running process of the service needs. Extend it with what is special to one. */
export const ServiceConfig = z.object({
  DATABASE_URL: DatabaseUrl,
  /** Given: DATABASE_URL is a pooler in transaction mode, and what needs a connection of its own goes here. */
  DATABASE_DIRECT_URL: DatabaseUrl.optional(),
  /** Authorities that the certificate of Postgres is held against, where DATABASE_URL has an `sslmode`. */
  PGSSLROOTCERT: CertificateFile.optional(),
  REDIS_URL: RedisUrl,
  /** The same for Redis and its Sentinels. */
  REDIS_CA_FILE: CertificateFile.optional(),
  SPIDERHUB_HOME: HomeDirectory,
  LOG_LEVEL: LogLevel.default('info'),
  /** The largest item that is kept, bytes of its JSON, whether a crawl writes it or somebody sends it. */
  ITEM_MAX_BYTES: wholeNumber(1024, 256 * 2 ** 20).default(16 * 2 ** 20),
  /** Seals secrets before they are stored. Without it the file that `npm start` made in SPIDERHUB_HOME counts. */
  SECRETS_KEY: SecretsKey.optional(),
  /** The mail server, for links and alerts. Without it no mail is sent. */
  SMTP_URL: SmtpUrl.optional(),
  /** Whose name mail is sent in. */
  SMTP_FROM: SmtpFrom.optional(),
});
