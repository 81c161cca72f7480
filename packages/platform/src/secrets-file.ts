import { randomBytes } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from './errors.ts';

export interface SecretsPlace {
  SECRETS_KEY?: string | undefined;
  SPIDERHUB_HOME: string;
}

/** Where `npm start` keeps the keys of secrets when no SECRETS_KEY is set. */
function fileOf(home: string): string {
  return join(home, 'secrets.key');
}

/** Text of the keys of secrets: SECRETS_KEY, else what the home's file holds at this moment; empty when there is none. */
export async function secretsKeyText({ SECRETS_KEY, SPIDERHUB_HOME }: SecretsPlace): Promise<string> {
  if (SECRETS_KEY !== undefined) return SECRETS_KEY;
  try {
    return await readFile(fileOf(SPIDERHUB_HOME), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return '';
    throw error;
  }
}

/** Makes the home's file with this key, unless it has one. Only its user may read it. */
export async function ensureSecretsFile(home: string, key: string): Promise<void> {
  await writeAside(home, [key], async (made) => {
    await link(made, fileOf(home)).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
  });
}

/** Replaces the home's keys in one step: those who read them meanwhile find the old or the new ones. */
export function replaceSecretsFile(home: string, keys: readonly string[]): Promise<void> {
  return writeAside(home, keys, (made) => rename(made, fileOf(home)));
}

/** A full disk must leave no half a key, neither for the home's nor beside it. */
async function writeAside(
  home: string,
  keys: readonly string[],
  place: (made: string) => Promise<void>,
): Promise<void> {
  const making = `${fileOf(home)}.${randomBytes(4).toString('hex')}`;
  try {
    await writeFile(making, keys.map((key) => `${key}\n`).join(''), { mode: 0o600 });
    await place(making);
  } finally {
    await rm(making, { force: true });
  }
}
