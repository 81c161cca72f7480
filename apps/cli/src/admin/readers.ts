import { readFileSync } from 'node:fs';
import { ROLES, type Role } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { z } from 'zod';

const LONGEST_NAME = 255;

/** A name that something new gets, without space around it. One that would spoil lists and logs is refused. */
export function newName(flag: string, text: string): string {
  const name = someText(flag, text.trim());
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new UserError(`${flag}: line breaks and other control characters cannot be part of it`);
  }
  if (name.length > LONGEST_NAME) {
    throw new UserError(`${flag}: expected at most ${LONGEST_NAME} characters, these are ${name.length}`);
  }
  return name;
}

/** The name of something that is there already, without space around it. */
export function knownName(flag: string, text: string): string {
  return someText(flag, text.trim());
}

/** Text as it was typed, but not none. */
export function someText(flag: string, text: string): string {
  if (!text) throw new UserError(`${flag} is required`);
  return text;
}

/** What is typed stands in the shell's history and in the list of processes: `-` takes a secret from standard input. */
export function secretText(text: string): string {
  return text === '-' ? readFileSync(0, 'utf8').replace(/\r?\n$/, '') : text;
}

/** The number of a project or of a key, or a count. */
export function positive(flag: string, text: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(text))
    throw new UserError(`${flag}: expected a whole number, 1 to 999999999`);
  return Number(text);
}

/** What somebody is in an organisation or a project. */
export function role(flag: string, text: string): Role {
  const known = ROLES.find((one) => one === text);
  if (!known) throw new UserError(`${flag}: expected one of ${ROLES.join(', ')}`);
  return known;
}

export function emailAddress(flag: string, text: string): string {
  const { success, data } = z.email().max(LONGEST_NAME).safeParse(text.trim());
  if (!success) throw new UserError(`${flag}: expected an address such as ann@example.org`);
  return data;
}

export function emailAddressOrNone(flag: string, text: string): string | null {
  return text === 'none' ? null : emailAddress(flag, text);
}
