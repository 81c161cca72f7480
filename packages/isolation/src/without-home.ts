import { realpathSync } from 'node:fs';
import { isWithin, SHOWN } from './parts-of-python.ts';

/**
 * The paths that belong to a Python, once it is sure that SPIDERHUB_HOME is not below what boxes show: all of it would be
 * there, and for an ordinary user, who is the same inside, to be read. Throws when it is.
 */
export function withoutHome(parts: string[], home: string): string[] {
  const places = [home, realpathSync(home)];
  const around = (paths: readonly string[]) =>
    paths.find((path) => places.some((one) => isWithin(one, path)));
  const system = around(SHOWN);
  if (system !== undefined) throw new Error(`SPIDERHUB_HOME lies in ${system}, which every box shows`);
  const ofPython = around(parts);
  if (ofPython !== undefined)
    throw new Error(`SPIDERHUB_HOME lies in ${ofPython}, which belongs to the Python of crawls`);
  return parts;
}
