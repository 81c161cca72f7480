import { hash } from 'node:crypto';

/** Characters of a SHA-256 in base64url. */
const HASH_LENGTH = 43;

/**
 * The duplicate rule of `run.json`: one active job for a spider with the same arguments
 * (python-scrapinghub's cassettes; tags, settings and meta do not count).
 */
export function sameRunKey(spider: string, args: Record<string, string>): string {
  const sorted = Object.entries(args).sort(([a], [b]) => (a < b ? -1 : 1));
  return `run:${shortened(JSON.stringify([spider, sorted]))}`;
}

/** The key of jobs that a caller gives the same `unique` text. */
export function uniqueTextKey(unique: string): string {
  return `push:${shortened(unique)}`;
}

/** Indexes hold no long text. What is shorter than a hash stays as it is, so the two never meet. */
function shortened(text: string): string {
  return text.length < HASH_LENGTH ? text : hash('sha256', text, 'base64url');
}
