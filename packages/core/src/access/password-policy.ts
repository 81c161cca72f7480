import { dictionary } from '@zxcvbn-ts/language-common';
import { requestErrors } from '../errors.ts';

export const SHORTEST_PASSWORD = 10;
/** Far more than anybody types; a limit only bounds the work. */
export const LONGEST_PASSWORD = 500;

/** Fewer different characters make a password that is one key held down, or two in turns. */
const FEWEST_CHARACTERS = 5;
const AT_ENDS = /^[\p{N}\p{P}\p{S}\s]+|[\p{N}\p{P}\p{S}\s]+$/gu;

let known: Set<string> | undefined;

/** The list is read when it is first needed: most processes never set a password. */
function commonPasswords(): Set<string> {
  known ??= new Set([...dictionary['passwords-common']].map((word) => String(word).toLowerCase()));
  return known;
}

/**
 * Throws `invalid` for a password that guessers try first: a short one, a common one, also with digits around it, or
 * one's own name. Which kinds of characters it is made of is nobody's business.
 */
export function checkNewPassword(password: string, name: string): void {
  if (password.length < SHORTEST_PASSWORD) {
    throw requestErrors.invalid('password', `expected at least ${SHORTEST_PASSWORD} characters`);
  }
  if (password.length > LONGEST_PASSWORD) {
    throw requestErrors.invalid('password', `expected at most ${LONGEST_PASSWORD} characters`);
  }
  if (isEasilyGuessed(password.normalize('NFC').toLowerCase(), name.toLowerCase())) {
    throw requestErrors.invalid('password', 'is one of those that guessers try first');
  }
}

function isEasilyGuessed(password: string, name: string): boolean {
  const bare = password.replaceAll(AT_ENDS, '');
  if (new Set(password).size < FEWEST_CHARACTERS || bare === '') return true;
  const half = bare.slice(0, bare.length / 2);
  const words = [password, bare, half + half === bare ? half : bare];
  const common = commonPasswords();
  return words.some((word) => common.has(word) || word === name || word === 'spiderhub');
}
