import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import { DomainError } from '../errors.ts';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/** A key of the installation that secrets are sealed with before they are stored. */
export interface SecretKey {
  /** Tells keys apart and says nothing of the key. */
  id: string;
  bytes: Buffer;
}

/** The keys of the installation, those in use first; asked anew each time, since they change while it runs. */
export type SecretKeys = () => Promise<readonly SecretKey[]>;

/** A random key as SECRETS_KEY takes it: base64 of 32 bytes. */
export function newSecretKey(): string {
  return randomBytes(KEY_BYTES).toString('base64');
}

/**
 * Reads keys that are separated by commas, blanks or lines, each 32 bytes in base64 or hex. Null when one is none; what
 * it is does not show.
 */
export function readSecretKeys(text: string): SecretKey[] | null {
  const keys = text
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map(bytesOf);
  if (keys.length === 0 || keys.some((bytes) => bytes === null)) return null;
  return (keys as Buffer[]).map((bytes) => ({ id: idOf(bytes), bytes }));
}

function bytesOf(word: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(word)) return Buffer.from(word, 'hex');
  if (!/^[\w+/-]{43}=?$/.test(word)) return null;
  const bytes = Buffer.from(word, 'base64');
  return bytes.length === KEY_BYTES ? bytes : null;
}

function idOf(bytes: Buffer): string {
  return hash('sha256', Buffer.concat([Buffer.from('spiderhub key id\0'), bytes])).slice(0, 12);
}

/** A secret as it is stored. */
export interface Sealed {
  keyId: string;
  /** Nonce, cipher text and tag. */
  sealed: Buffer;
}

/**
 * Seals a text with AES-256-GCM. `place` says where it belongs, such as the names of its project and variable: what is
 * sealed for one place cannot be opened at another.
 */
export function seal(key: SecretKey, place: string, text: string): Sealed {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce).setAAD(Buffer.from(place));
  const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return { keyId: key.id, sealed: Buffer.concat([nonce, body, cipher.getAuthTag()]) };
}

/** The text of a sealed one. Throws `unavailable` when its key is missing, or when it was not sealed for this place. */
export function unseal(keys: readonly SecretKey[], place: string, { keyId, sealed }: Sealed): string {
  const key = keys.find(({ id }) => id === keyId);
  if (!key) throw secretErrors.keyMissing(keyId);
  try {
    const decipher = createDecipheriv(CIPHER, key.bytes, sealed.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(-TAG_BYTES));
    const body = sealed.subarray(NONCE_BYTES, -TAG_BYTES);
    return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8');
  } catch (cause) {
    throw new DomainError('conflict', 'secret_damaged', `the secret ${place} is damaged: set it again`, {
      cause,
    });
  }
}

export const secretErrors = {
  noKey: () =>
    new DomainError(
      'invalid',
      'no_secrets_key',
      'secrets cannot be stored: this installation has no SECRETS_KEY. "npm start" makes one; where the services are ' +
        'started by hand, set it to 32 random bytes in base64 for all of them (openssl rand -base64 32)',
    ),
  keyMissing: (id: string) =>
    new DomainError(
      'conflict',
      'secrets_key_missing',
      `a secret is sealed with key ${id}, which SECRETS_KEY does not hold: add that key, or set the secret again`,
    ),
  otherKey: (id: string) =>
    new DomainError(
      'conflict',
      'secrets_key_missing',
      `secrets are sealed with key ${id}, which SECRETS_KEY does not hold: add that key, or let ` +
        '"npm run admin -- secrets rotate" change to the one that it holds',
    ),
};
