import type { JobDetails } from './job.ts';

/** Names of settings and variables whose values nobody wants to read in a log. */
const SECRET_NAME = /secret|passw|pwd|token|credential|private_?key|api_?key|access_?key|auth/i;
/** What is shorter would blot out words that mean nothing. */
const MIN_LENGTH = 8;
const MASK = Buffer.from('********');

/** Whether something is called like a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

export interface SecretSources {
  job: Pick<JobDetails, 'settings' | 'environment' | 'args'>;
  /** Name to JSON text, as those of the job. */
  projectSettings: Record<string, string>;
  spiderSettings: Record<string, string>;
  jobToken: string;
  /** Texts that are secret whatever they are called. */
  hidden?: readonly string[];
}

/** Texts of a crawl that its log is not to show: by the names under which it was given them, and its own token. */
export function secretsOf({
  job,
  projectSettings,
  spiderSettings,
  jobToken,
  hidden = [],
}: SecretSources): string[] {
  const settings = Object.entries({ ...projectSettings, ...spiderSettings, ...job.settings }).map(
    ([name, json]) => [name, textIn(json)] as const,
  );
  const named = [...settings, ...Object.entries(job.environment), ...Object.entries(job.args)];
  const values = named.filter(([name]) => SECRET_NAME.test(name)).map(([, value]) => value);
  return [...new Set([...values, ...hidden, jobToken])].filter((value) => value.length >= MIN_LENGTH);
}

/** The text that a JSON string stands for; other values are not texts. */
function textIn(json: string): string {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}

/**
 * Blots out secrets in JSON of a log message, in each way in which JSON writes them. A help against carelessness and no
 * wall: a crawl can always write them in another way.
 */
export function masker(secrets: readonly string[]): (payload: Buffer) => Buffer {
  // The longest first: one may be a part of another.
  const needles = [...new Set(secrets.flatMap(waysToWrite))]
    .sort((a, b) => b.length - a.length)
    .map((text) => Buffer.from(text));
  return (payload) => needles.reduce(masked, payload);
}

function waysToWrite(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const ascii = json.replace(/[^ -~]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [json, ascii];
}

function masked(payload: Buffer, secret: Buffer): Buffer {
  let at = payload.indexOf(secret);
  if (at < 0) return payload;
  const pieces: Buffer[] = [];
  let from = 0;
  while (at >= 0) {
    pieces.push(payload.subarray(from, at), MASK);
    from = at + secret.length;
    at = payload.indexOf(secret, from);
  }
  return Buffer.concat([...pieces, payload.subarray(from)]);
}
