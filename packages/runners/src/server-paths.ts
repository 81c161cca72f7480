import { isAbsolute } from 'node:path';
import { environmentOf } from './files.ts';

/** Where a stack lies by another name; the system's own Python has a place that everybody knows. */
export function stackName(python: string): Record<string, string> {
  const directory = environmentOf(python);
  return isAbsolute(directory) && directory.length > '/usr'.length ? { [directory]: 'stack' } : {};
}

/**
 * Makes texts of tenants' programs fit for tenants: each of these paths of this machine is told by its other name. An inner
 * path wins over one around it.
 */
export function withoutServerPaths(names: Record<string, string>): (text: string) => string {
  const longestFirst = Object.entries(names).sort(([a], [b]) => b.length - a.length);
  return (text) => longestFirst.reduce((told, [path, name]) => told.replaceAll(path, name), text);
}
