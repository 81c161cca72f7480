import { jobErrors, requestErrors } from '../errors.ts';
import type { JobKey } from './job.ts';

// At most 9 digits: each part is a Postgres integer, and nothing that parses as a number in another way is a key.
const PART = '[1-9][0-9]{0,8}';
const JOB_KEY = new RegExp(`^(${PART})/(${PART})/(${PART})$`);

/** Reads `project/spider/job`, or returns null when the text is not exactly that. */
export function readJobKey(text: string): JobKey | null {
  const match = JOB_KEY.exec(text);
  return match ? { project: Number(match[1]), spider: Number(match[2]), job: Number(match[3]) } : null;
}

/** Reads a job key that a caller gave in `field`. Throws `invalid` when it is not one. */
export function parseJobKey(text: string, field = 'job'): JobKey {
  const key = readJobKey(text);
  if (!key)
    throw requestErrors.invalid(
      field,
      `expected project/spider/job, got ${JSON.stringify(text.slice(0, 100))}`,
    );
  return key;
}

/** Throws `not_found` for a key of another project: it is answered exactly like a job that does not exist. */
export function requireKeysOf(project: number, keys: readonly JobKey[]): void {
  const foreign = keys.find((key) => key.project !== project);
  if (foreign) throw jobErrors.notFound(formatJobKey(foreign));
}

/** Reads keys that must all lie in `project`. Throws like `parseJobKey` and `requireKeysOf`. */
export function parseJobKeysOf(project: number, texts: readonly string[]): JobKey[] {
  const keys = texts.map((text) => parseJobKey(text));
  requireKeysOf(project, keys);
  return keys;
}

export function formatJobKey(key: JobKey): string {
  return `${key.project}/${key.spider}/${key.job}`;
}
