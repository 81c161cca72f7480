import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '@spiderhub/platform';
import { groupFiles } from './group-files.ts';
import type { Controller } from './hierarchies.ts';
import { removeGroup, tryToRemove } from './remove-group.ts';
import { type Base, makeSubtree } from './subtree.ts';
import type { Allowance } from './unit.ts';

/** The groups of one crawl or program. */
export interface MadeGroups {
  /** All that it has to join. */
  directories: string[];
  of(controller: Controller): string | null;
}

/** Control groups of one installation, all below a group of its name, in each tree that has what limits need. */
export class Groups {
  readonly #bases: Base[];
  readonly #name: string;

  /** `name` tells installations apart; nothing of another name is touched. */
  constructor(bases: Base[], name: string) {
    this.#bases = bases;
    this.#name = name;
  }

  has(controller: Controller): boolean {
    return this.#bases.some(({ controllers }) => controllers.includes(controller));
  }

  /** Makes them with the limits in place. What was made goes again when it fails. */
  async make(name: string, allowance: Allowance): Promise<MadeGroups> {
    const made: { directory: string; controllers: Controller[] }[] = [];
    try {
      for (const base of this.#bases) {
        const directory = join(this.#subtree(base), name);
        await this.#makeIn(base, directory);
        made.push({ directory, controllers: base.controllers });
        for (const controller of base.controllers)
          for (const file of groupFiles(base.version, controller, allowance))
            await write(join(directory, file.name), file.value, file.optional);
      }
    } catch (error) {
      for (const { directory } of made) await tryToRemove(directory);
      throw error;
    }
    return {
      directories: made.map(({ directory }) => directory),
      of: (controller) => made.find(({ controllers }) => controllers.includes(controller))?.directory ?? null,
    };
  }

  /** Removes the groups of this name and the others that are listed; returns those that could not be removed. */
  async remove(name: string, others: readonly string[] = []): Promise<string[]> {
    const ours = this.#bases.map((base) => join(this.#subtree(base), name));
    const directories = [...new Set([...ours, ...others])];
    const removed = await Promise.all(directories.map((directory) => removeGroup(directory)));
    // The last process of this installation may have been in another group of the machine.
    for (const other of others) if (!ours.includes(other)) await tryToRemove(dirname(other));
    return directories.filter((_, i) => !removed[i]);
  }

  /** Names of all that there is. */
  async names(): Promise<string[]> {
    const found = await Promise.all(
      this.#bases.map((base) => readdir(this.#subtree(base), { withFileTypes: true }).catch(() => [])),
    );
    return [...new Set(found.flat().flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])))];
  }

  /** Removes what is for all crawls, when none is left. */
  async close(): Promise<void> {
    for (const base of this.#bases) await tryToRemove(this.#subtree(base));
  }

  #subtree({ directory }: Base): string {
    return join(directory, this.#name);
  }

  /** Another process of this installation may have ended, and taken away what is for all crawls. */
  async #makeIn(base: Base, directory: string): Promise<void> {
    try {
      await makeDirectory(directory);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
      await makeSubtree(base, this.#name);
      await makeDirectory(directory);
    }
  }
}

async function makeDirectory(directory: string): Promise<void> {
  await mkdir(directory).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
}

async function write(path: string, value: string, optional?: true): Promise<void> {
  if (!optional) return writeFile(path, value);
  await writeFile(path, value, { flag: 'r+' }).catch(() => undefined);
}
