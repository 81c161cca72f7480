import { UserError } from '@spiderhub/hosting';

const LONGEST_NAME = 255;

/** A name that something new gets, without space around it. One that would spoil lists and logs is refused. */
export function newName(flag: string, text: string | undefined): string {
  const name = text?.trim();
  if (!name) throw new UserError(`${flag} is required`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new UserError(`${flag}: line breaks and other control characters cannot be part of it`);
  }
  if (name.length > LONGEST_NAME) {
    throw new UserError(`${flag}: expected at most ${LONGEST_NAME} characters, these are ${name.length}`);
  }
  return name;
}
