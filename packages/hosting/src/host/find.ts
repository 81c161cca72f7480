import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { inherited } from '../environment.ts';

/** Every executable of this name in the search path, in its order. */
export function allInPath(name: string, path = inherited.PATH ?? ''): string[] {
  const folders = path.split(delimiter).filter((folder) => folder.startsWith('/'));
  return [...new Set(folders)].map((folder) => join(folder, name)).filter(isExecutable);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
