import { closeSync, mkdirSync, openSync } from 'node:fs';
import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { singleFlight } from '@spiderhub/core';
import type { Gate } from '../gate.ts';
import { createEgress, type Egress } from '../proxy/egress.ts';
import type { Resolve } from '../proxy/resolve.ts';
import { type CellProcess, endCell, isCellAlive, startCell } from './cell-process.ts';

export interface CellsOptions {
  python: string;
  launcherDir: string;
  /** Where cells are written down, so that the next process finds those that this one leaves; only this user's. */
  folder: string;
  userns: boolean;
  /** What may be reached from a cell, by its name. Asked for each connection. */
  gateOf: (name: string) => Gate;
  /** Makes what looks names up for one cell. */
  newResolve: () => Resolve;
}

/** Network namespaces of projects, each with the proxy that leads out of it. */
export interface Cells {
  /** The cell with this name, started when there is none. */
  get(name: string): Promise<CellProcess>;
  /** Serves the cells that a process before this one left running in the folder, and forgets the others. */
  adopt(): Promise<void>;
  /** Ends connections that may not be any more. */
  recheck(): void;
  /** Ends the proxies, and the cells unless crawls go on in them. */
  close(keepCells: boolean): Promise<void>;
}

interface Kept {
  cell: CellProcess;
  egress: Egress;
}

export function createCells(options: CellsOptions): Cells {
  const { folder, gateOf, newResolve } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A socket's address has room for 108 bytes: this path to the folder is always short.
  const descriptor = openSync(folder, 'r');
  const kept = new Map<string, Kept>();
  const once = singleFlight<CellProcess>();
  const note = (name: string) => join(folder, `${name}.json`);

  async function serve(name: string): Promise<Egress> {
    const egress = createEgress({ gate: () => gateOf(name), resolve: newResolve() });
    await rm(join(folder, `${name}.sock`), { force: true });
    await egress.listen(`/proc/self/fd/${descriptor}/${name}.sock`);
    return egress;
  }

  async function forget(name: string): Promise<void> {
    const known = kept.get(name);
    kept.delete(name);
    await known?.egress.close();
    if (known) await endCell(known.cell);
    await Promise.all([rm(note(name), { force: true }), rm(join(folder, `${name}.sock`), { force: true })]);
  }

  async function start(name: string): Promise<CellProcess> {
    await forget(name);
    const egress = await serve(name);
    try {
      const cell = await startCell({ ...options, name });
      kept.set(name, { cell, egress });
      await writeFile(`${note(name)}.tmp`, JSON.stringify(cell), { mode: 0o600 });
      await rename(`${note(name)}.tmp`, note(name));
      return cell;
    } catch (error) {
      await egress.close();
      throw error;
    }
  }

  return {
    async get(name) {
      const known = kept.get(name);
      return known && isCellAlive(known.cell) ? known.cell : once(name, () => start(name));
    },
    async adopt() {
      for (const file of await readdir(folder)) {
        const [, name] = /^(.+)\.json$/.exec(file) ?? [];
        if (!name || kept.has(name)) continue;
        const cell = JSON.parse(await readFile(join(folder, file), 'utf8')) as CellProcess;
        if (isCellAlive(cell)) kept.set(name, { cell, egress: await serve(name) });
        else await forget(name);
      }
    },
    recheck() {
      for (const { egress } of kept.values()) egress.recheck();
    },
    async close(keepCells) {
      if (keepCells) await Promise.all([...kept.values()].map(({ egress }) => egress.close()));
      else await Promise.all([...kept.keys()].map(forget));
      closeSync(descriptor);
    },
  };
}
