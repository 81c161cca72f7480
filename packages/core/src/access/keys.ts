import { hash, randomBytes } from 'node:crypto';

/** 32 hex characters (128 bit): the form that Scrapy Cloud's clients know. */
export function newApiKey(): string {
  return randomBytes(16).toString('hex');
}

const RANDOM_KEY = /^[0-9a-f]{32}$/;

/** Whether it has the form of `newApiKey`: nobody guesses one of those. A key that somebody chose looks different. */
export function isRandomKey(key: string): boolean {
  return RANDOM_KEY.test(key);
}

/** Keys are random, so a plain hash is enough; only the hash is stored, and the index look-up compares hashes. */
export function hashApiKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
