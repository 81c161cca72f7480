import { hash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** What all keys that we make begin with: scanners for secrets look for it. */
const PREFIX = 'sphub_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const RANDOM_LENGTH = 30;
/** Digits that the largest checksum needs. */
const SUM_LENGTH = 6;
const SHOWN_LENGTH = 4;

const OWN_FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${RANDOM_LENGTH + SUM_LENGTH}}$`);
/** As keys were before they had a prefix. */
const OLD_FORM = /^[0-9a-f]{32}$/;

/**
 * A key of 178 random bits: `sphub_`, 30 letters and digits, and their CRC-32 as 6 more. Whoever finds such a text knows
 * whether it is one without asking anybody. No `:`, `/`, `%` or blank: it stands in addresses, headers and YAML as it is.
 */
export function newApiKey(): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => DIGITS[randomInt(DIGITS.length)]).join('');
  return `${PREFIX}${random}${sumOf(random)}`;
}

/** Whether it has a form of those that we make or made: nobody guesses one of those. A key that somebody chose looks different. */
export function isRandomKey(key: string): boolean {
  return OLD_FORM.test(key) || (OWN_FORM.test(key) && !isMistyped(key));
}

/** Whether it looks like one of ours and cannot be: no database needs to be asked. */
export function isMistyped(key: string): boolean {
  return OWN_FORM.test(key) && sumOf(key.slice(PREFIX.length, -SUM_LENGTH)) !== key.slice(-SUM_LENGTH);
}

/** The beginning of a key, by which people tell keys apart in lists. */
export function keyHint(key: string): string {
  return key.slice(0, (OWN_FORM.test(key) ? PREFIX.length : 0) + SHOWN_LENGTH);
}

/** Keys are random, so a plain hash is enough; only the hash is stored, and the index look-up compares hashes. */
export function hashApiKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

function sumOf(random: string): string {
  let rest = crc32(random);
  let digits = '';
  for (let i = 0; i < SUM_LENGTH; i += 1) {
    digits = `${DIGITS[rest % DIGITS.length]}${digits}`;
    rest = Math.floor(rest / DIGITS.length);
  }
  return digits;
}
