import { join } from 'node:path';
import type { StorageUsageStore, StreamStore } from '@spiderhub/core';
import { bytesBelow } from '@spiderhub/storage';
import type { Chore } from './chores.ts';

/** A project's files are added up once in so long, ms. */
const EVERY_MS = 10 * 60_000;
const LOOK_MS = 60_000;

export interface MeasureOptions {
  usage: StorageUsageStore;
  streams: Pick<StreamStore, 'sizeOfProject'>;
  /** Folders that crawls keep lie here, those of a project below its number. */
  foldersDir: string;
}

/** Adds up what each project has stored, one project at a time: service limits and lists read it from its row. */
export function measureStorage({ usage, streams, foldersDir }: MeasureOptions): Chore {
  return {
    name: 'measure storage',
    idleMs: LOOK_MS,
    async run() {
      const project = await usage.stale(EVERY_MS);
      if (project === null) return { done: 0, more: false };
      const [rows, files, folders] = [
        await usage.rowBytes(project),
        await streams.sizeOfProject(project),
        await bytesBelow(join(foldersDir, String(project))),
      ];
      await usage.save(project, rows + files + folders);
      return { done: 1, more: true };
    },
  };
}
