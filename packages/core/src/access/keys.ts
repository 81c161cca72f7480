import { createHash, randomBytes } from 'node:crypto';

/** 32 hex characters (128 bit): the form that Scrapy Cloud's clients know. */
export function newApiKey(): string {
  return randomBytes(16).toString('hex');
}

/** Keys are random, so a plain hash is enough; only the hash is stored, and the index look-up compares hashes. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}
