import { join } from 'node:path';
import type { LeftoverStore } from '@spiderhub/core';
import { placeOf } from '../work-directory.ts';
import { sweepAbandoned } from './abandoned.ts';
import { createBudget } from './budget.ts';
import { sweepKeptFolders } from './kept-folders.ts';
import type { Sweep } from './sweeper.ts';
import { sweepVanished, VANISHED_MS } from './vanished.ts';

export interface LocalSweepsOptions {
  /** SPIDERHUB_HOME. */
  home: string;
  /** This machine's folder below its `work`. */
  place: string;
  /** What environments and unpacked eggs may take, bytes. */
  envsBytes: number;
  leftovers: Pick<LeftoverStore, 'hostsSeen' | 'spidersOf'>;
  /** Keeps what the crawls in a worker's folder wrote. */
  inherit: (path: string) => Promise<void>;
}

/** What lies on a machine's own disk. */
export function localSweeps({ home, place, envsBytes, leftovers, inherit }: LocalSweepsOptions): Sweep[] {
  const workRoot = join(home, 'work');
  const budget = createBudget({ envsDir: join(home, 'envs'), workRoot, place, budgetBytes: envsBytes });
  const livePlaces = async () => new Set((await leftovers.hostsSeen(VANISHED_MS)).map(placeOf));
  return [
    { name: 'environments and eggs', run: budget.sweep },
    {
      name: 'uploads',
      run: () => sweepAbandoned([join(home, 'tmp/uploads'), join(home, 'tmp/inspect')]),
    },
    {
      name: 'kept folders',
      run: () => sweepKeptFolders({ root: join(home, 'data/folders'), spidersOf: leftovers.spidersOf }),
    },
    {
      name: 'vanished workers',
      run: () => sweepVanished({ workRoot, place, livePlaces, inherit }),
    },
  ];
}
