import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { CHECKOUT } from '../checkout.ts';
import {
  IsolationFields,
  LauncherDirectory,
  Port,
  PublicUrl,
  PythonPath,
  QueuePrefix,
  RequirementsFile,
  Seconds,
  ServiceConfig,
  WheelsOnly,
  wholeNumber,
} from './fields.ts';
import { LimitFields } from './limits.ts';
import { isProxyList } from './proxies.ts';
import { StorageFields } from './storage.ts';

const TrustProxy = z
  .string()
  .refine(
    isProxyList,
    'expected addresses or networks separated by commas: 10.0.0.1,192.168.0.0/16,loopback',
  );

/** As the provider writes it. Plain http is for one on this machine. */
const OpenIdIssuer = z
  .url({ protocol: /^https?$/, error: 'expected https://provider' })
  .refine(
    (url) => /^https:|^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])([:/]|$)/.test(url),
    'expected https://, or http:// on this machine',
  );

/** Words separated by commas. */
const WordList = z
  .string()
  .default('')
  .transform((text) =>
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
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
  ...StorageFields,
  QUEUE_PREFIX: QueuePrefix,
  /** Python of the base environment, which lists the spiders of a deployed egg. */
  SPIDERHUB_PYTHON: PythonPath.optional(),
  SPIDERHUB_LAUNCHER: LauncherDirectory.default(resolve(CHECKOUT, 'python/launcher')),
  SPIDERHUB_REQUIREMENTS: RequirementsFile.default(resolve(CHECKOUT, 'python/requirements.txt')),
  REQUIREMENTS_WHEELS_ONLY: WheelsOnly,
  ...IsolationFields,
  SHUTDOWN_GRACE_SECONDS: Seconds.default(20),
  /** The OpenID provider that says who somebody is; without it people sign in with passwords. */
  OIDC_ISSUER: OpenIdIssuer.optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  /** A file that holds the secret, instead. */
  OIDC_CLIENT_SECRET_FILE: z.string().optional(),
  /** What people call the provider. */
  OIDC_NAME: z.string().default('OpenID'),
  OIDC_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/, 'expected openid among the words')
    .default('openid email profile'),
  /** Only people with a verified address of one of these domains are let in. */
  OIDC_ALLOWED_DOMAINS: WordList,
  /** Only people of one of these groups are let in. */
  OIDC_ALLOWED_GROUPS: WordList,
  OIDC_GROUPS_CLAIM: z.string().default('groups'),
  /** Whether whoever is let in becomes a user, or only who was invited. */
  OIDC_NEW_USERS: z.enum(['invited', 'anybody']).default('invited'),
}).superRefine((config, context) => {
  for (const [name, problem] of problemsOf(config)) {
    context.addIssue({ code: 'custom', path: [name], message: problem });
  }
});

interface Together {
  PUBLIC_URL?: string | undefined;
  SMTP_URL?: string | undefined;
  OIDC_ISSUER?: string | undefined;
  OIDC_CLIENT_ID?: string | undefined;
  OIDC_CLIENT_SECRET?: string | undefined;
  OIDC_CLIENT_SECRET_FILE?: string | undefined;
}

/** What a request says of its host is its sender's to choose, and no place for links in mails or a provider to lead to. */
function* problemsOf(config: Together): Generator<[name: string, problem: string]> {
  const { PUBLIC_URL, SMTP_URL, OIDC_ISSUER, OIDC_CLIENT_ID } = config;
  const secrets = [config.OIDC_CLIENT_SECRET, config.OIDC_CLIENT_SECRET_FILE].filter(
    (one) => one !== undefined,
  );
  if (SMTP_URL !== undefined && PUBLIC_URL === undefined) {
    yield ['SMTP_URL', 'needs PUBLIC_URL, where links in mails lead'];
  }
  if (OIDC_ISSUER === undefined) return;
  if (PUBLIC_URL === undefined) yield ['OIDC_ISSUER', 'needs PUBLIC_URL, where browsers come back to'];
  if (OIDC_CLIENT_ID === undefined) yield ['OIDC_ISSUER', 'needs OIDC_CLIENT_ID'];
  if (secrets.length !== 1) yield ['OIDC_ISSUER', 'needs OIDC_CLIENT_SECRET or OIDC_CLIENT_SECRET_FILE'];
}
export type ApiConfig = z.output<typeof ApiConfig>;
