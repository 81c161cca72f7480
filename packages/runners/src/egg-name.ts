import { join } from 'node:path';
import { readText } from './files.ts';

/**
 * What the directory of an unpacked egg has to be called. Python looks for entry points and scripts only in directories
 * with this ending, and takes the text before the first hyphen for the name of the distribution.
 */
export async function eggName(directory: string): Promise<string> {
  const text = await readText(join(directory, 'EGG-INFO', 'PKG-INFO')).catch(() => null);
  return `${field(text, 'Name') ?? 'project'}-${field(text, 'Version') ?? '0'}.egg`;
}

/** A header field, as far as it can stand in such a name. */
function field(text: string | null, name: string): string | undefined {
  const headers = text?.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const value = new RegExp(`^${name}:(.*)$`, 'mi').exec(headers)?.[1]?.trim();
  return value ? value.slice(0, 100).replaceAll(/[^A-Za-z0-9.]+/g, '_') : undefined;
}
