import { randomBytes } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BoxDescription, removeGroup } from '@spiderhub/isolation';
import { type ChildOptions, type ChildResult, runChild } from './run-child.ts';

export interface BoxedProgram {
  /** The program, as an absolute path, and its arguments. */
  argv: string[];
  /** The whole environment. */
  env: Record<string, string>;
  /** Absolute path. */
  cwd: string;
  /** Null: it has the rights of this process. */
  box: BoxDescription | null;
}

export interface InBoxOptions extends Omit<ChildOptions, 'env' | 'cwd' | 'graceMs'> {
  /** A Python that is not a tenant's, which enters the box. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Where what is to be run is written down meanwhile; only this process's user may enter it. */
  directory: string;
}

/** Longer than the way out of a box takes, ms. */
const LEAVING_MS = 15_000;

/**
 * Runs a program in its box, as `runChild` would, and leaves nothing of it behind, its control groups included. Code 126: there can be no such box, and
 * `tail` says why.
 */
export async function runInBox(program: BoxedProgram, options: InBoxOptions): Promise<ChildResult> {
  const { python, launcherDir, directory, ...child } = options;
  const path = join(directory, `boxed-${randomBytes(8).toString('hex')}.json`);
  // A file, since command lines can be read by everybody.
  await writeFile(path, JSON.stringify(program), { mode: 0o600 });
  try {
    const args = ['-I', '-S', join(launcherDir, 'box_exec.py'), path];
    return await runChild(python, args, { ...child, env: {}, cwd: directory, graceMs: LEAVING_MS });
  } finally {
    await rm(path, { force: true });
    await Promise.all((program.box?.cgroups ?? []).map((group) => removeGroup(group)));
  }
}
