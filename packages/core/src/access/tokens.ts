import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';

const TOKEN_BYTES = 32;

/** 256 random bits as text for addresses and cookies. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** What is stored of a token: it is random, so a plain hash is enough, and look-ups compare hashes. */
export function hashToken(token: string): Buffer {
  return hash('sha256', token, 'buffer');
}

/** The token that a page of ours sends with what it changes: known to who has the session, and to nobody by its hash. */
export function csrfTokenOf(sessionToken: string): string {
  return createHmac('sha256', sessionToken).update('csrf').digest('base64url');
}

/** Compares two texts in a time that tells nothing about them. */
export function isSameText(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'));
}
