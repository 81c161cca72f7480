// This checkout, and what was built in it.
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

const load = createRequire(import.meta.url);

/** A workspace's build, by its folder: `built('packages/db')`. */
export function built(workspace) {
  return load(join(CHECKOUT, workspace, 'dist/index.js'));
}
