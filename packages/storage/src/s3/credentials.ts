import { readFile } from 'node:fs/promises';
import { call, type HttpCall } from './http.ts';
import { textOf } from './xml.ts';

/** What a request is signed with. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** Temporary ones end, ms since the epoch. */
interface Lent extends Credentials {
  expires: number;
}

/** The variables of AWS's own tools. */
export interface CredentialSettings {
  AWS_ACCESS_KEY_ID?: string | undefined;
  AWS_SECRET_ACCESS_KEY?: string | undefined;
  AWS_SESSION_TOKEN?: string | undefined;
  /** A file with a token of Kubernetes or another provider, and the role that it stands for. */
  AWS_WEB_IDENTITY_TOKEN_FILE?: string | undefined;
  AWS_ROLE_ARN?: string | undefined;
  AWS_ROLE_SESSION_NAME?: string | undefined;
  AWS_ENDPOINT_URL_STS?: string | undefined;
  /** Where a container asks (ECS, EKS Pod Identity). */
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI?: string | undefined;
  AWS_CONTAINER_CREDENTIALS_FULL_URI?: string | undefined;
  AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE?: string | undefined;
  AWS_EC2_METADATA_SERVICE_ENDPOINT?: string | undefined;
}

/** Gives what to sign with now. `renew`: the server did not take the last ones. */
export type CredentialSource = (renew?: boolean) => Promise<Credentials>;

/** New ones are asked for so long before the old ones end, ms. */
const EARLY_MS = 5 * 60_000;
const LIMITS = { silenceMs: 3000, longestMs: 10_000, maxBytes: 256 * 1024 };

/**
 * Keys as they are given; else a role by web identity; else what the container or the machine is lent. Throws an Error
 * that says what half is missing.
 */
export function credentialsFrom(settings: CredentialSettings, region: string): CredentialSource {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = settings;
  if (accessKeyId && secretAccessKey) {
    const fixed = { accessKeyId, secretAccessKey, sessionToken: settings.AWS_SESSION_TOKEN };
    return async () => fixed;
  }
  if (accessKeyId || secretAccessKey) {
    throw new Error('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: one of them is missing');
  }
  if (settings.AWS_WEB_IDENTITY_TOKEN_FILE) {
    if (!settings.AWS_ROLE_ARN) throw new Error('AWS_WEB_IDENTITY_TOKEN_FILE needs AWS_ROLE_ARN');
    return remembered(() => byWebIdentity(settings, region));
  }
  const { AWS_CONTAINER_CREDENTIALS_FULL_URI: full, AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative } =
    settings;
  if (full || relative) return remembered(() => ofContainer(settings));
  return remembered(() => ofMachine(settings));
}

/** Asks once for all who need them, and again before they end. When that fails, the old ones serve to their end. */
function remembered(ask: () => Promise<Lent>): CredentialSource {
  let known: Lent | null = null;
  let asking: Promise<Lent> | null = null;
  async function fresh(): Promise<Lent> {
    asking ??= ask().finally(() => {
      asking = null;
    });
    known = await asking;
    return known;
  }
  return async (renew = false) => {
    if (!renew && known && known.expires - Date.now() > EARLY_MS) return known;
    return fresh().catch((error: unknown) => {
      if (!renew && known && known.expires > Date.now()) return known;
      throw error;
    });
  };
}

async function byWebIdentity(settings: CredentialSettings, region: string): Promise<Lent> {
  const token = (await readFile(settings.AWS_WEB_IDENTITY_TOKEN_FILE ?? '', 'utf8')).trim();
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: settings.AWS_ROLE_ARN ?? '',
    RoleSessionName: settings.AWS_ROLE_SESSION_NAME ?? 'spiderhub',
    WebIdentityToken: token,
  });
  const text = await ask('the token service', {
    method: 'POST',
    url: new URL(settings.AWS_ENDPOINT_URL_STS ?? `https://sts.${region}.amazonaws.com/`),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  });
  return lent('the token service', {
    AccessKeyId: textOf(text, 'AccessKeyId'),
    SecretAccessKey: textOf(text, 'SecretAccessKey'),
    Token: textOf(text, 'SessionToken'),
    Expiration: textOf(text, 'Expiration'),
  });
}

const CONTAINER_HOST = 'http://169.254.170.2';

async function ofContainer(settings: CredentialSettings): Promise<Lent> {
  const relative = settings.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI;
  const url = new URL(
    relative ? `${CONTAINER_HOST}${relative}` : (settings.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? ''),
  );
  const file = settings.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  const headers: Record<string, string> = file
    ? { authorization: (await readFile(file, 'utf8')).trim() }
    : {};
  return fromJson('the container agent', await ask('the container agent', { method: 'GET', url, headers }));
}

const MACHINE_HOST = 'http://169.254.169.254';

/** Instance metadata, version 2: a token first, then the one role, then what it is lent. */
async function ofMachine(settings: CredentialSettings): Promise<Lent> {
  const what = 'the metadata of this machine';
  const base = (settings.AWS_EC2_METADATA_SERVICE_ENDPOINT ?? MACHINE_HOST).replace(/\/+$/, '');
  const at = (path: string) => new URL(`${base}/latest/${path}`);
  const token = await ask(what, {
    method: 'PUT',
    url: at('api/token'),
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
  });
  const headers = { 'x-aws-ec2-metadata-token': token.trim() };
  const roles = 'meta-data/iam/security-credentials/';
  const [role] = (await ask(what, { method: 'GET', url: at(roles), headers })).trim().split('\n');
  if (!role) throw new Error(`${what} names no role`);
  return fromJson(
    what,
    await ask(what, { method: 'GET', url: at(roles + encodeURIComponent(role)), headers }),
  );
}

async function ask(what: string, request: HttpCall): Promise<string> {
  const reply = await call(request, LIMITS).catch((cause: unknown) => {
    throw new Error(`no keys for S3: ${what} does not answer; or give AWS_ACCESS_KEY_ID`, { cause });
  });
  if (reply.status !== 200) {
    throw new Error(
      `no keys for S3: ${what} answered ${reply.status} ${reply.body.toString('utf8', 0, 200)}`,
    );
  }
  return reply.body.toString('utf8');
}

function fromJson(what: string, text: string): Lent {
  try {
    return lent(what, JSON.parse(text) as LentText);
  } catch (cause) {
    throw new Error(`no keys for S3: ${what} answered something else`, { cause });
  }
}

type LentText = Partial<Record<'AccessKeyId' | 'SecretAccessKey' | 'Token' | 'Expiration', string>>;

function lent(what: string, { AccessKeyId, SecretAccessKey, Token, Expiration }: LentText): Lent {
  const expires = Date.parse(Expiration ?? '');
  if (!AccessKeyId || !SecretAccessKey || Number.isNaN(expires)) {
    throw new Error(`no keys for S3: ${what} answered something else`);
  }
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: Token, expires };
}
