import type { CrawlRunner } from '@spiderhub/core';
import type { Logger, Service } from '@spiderhub/platform';
import { createHeirs, type Heirs } from './heirs.ts';
import type { Supervisor } from './supervisor.ts';

/** What may follow the end of a crawl, until its outcome is recorded, ms. */
const FINISH_MS = 5000;

export interface StopPolicy {
  mode: 'requeue' | 'drain' | 'handover';
  /** How long crawls may go on when they are drained, ms. */
  drainMs: number;
  /** How long crawls may take to end when they are asked to, ms. */
  graceMs: number;
}

/** How long all of it may take, ms. */
export function stopMs({ mode, drainMs, graceMs }: StopPolicy): number {
  return graceMs + FINISH_MS + (mode === 'drain' ? drainMs : 0);
}

/** Makes a worker look after the crawls in a folder whose worker died, until they are over. */
export function inheritWith(
  supervisor: Pick<Supervisor, 'adopt'>,
  runnerIn: (folder: string) => CrawlRunner,
): (folder: string) => Promise<void> {
  return async (folder) => {
    const orphans = await runnerIn(folder).orphans();
    await Promise.all(orphans.map((orphan) => supervisor.adopt(orphan)));
  };
}

export interface CrawlsOptions {
  supervisor: Pick<Supervisor, 'adopt' | 'idle' | 'shutdown'>;
  /** Runs the crawls in the folder of this process. */
  runner: CrawlRunner;
  /** Holds the folders of all workers of this machine. */
  workRoot: string;
  /** Looks after the crawls in a folder whose worker died, until they are over. */
  inherit: (folder: string) => Promise<void>;
  stopping: StopPolicy;
  leaseMs: number;
  log: Logger;
}

/**
 * The crawls of a worker from its start to its end: at first those that its predecessor left in its folder, then also
 * those of other workers of this machine that do not come back.
 */
export function createCrawls(options: CrawlsOptions): Service {
  const { supervisor, runner, workRoot, inherit, stopping, leaseMs, log } = options;
  let heirs: Heirs | null = null;

  function complain(error: unknown): void {
    log.error({ err: error }, 'a crawl could not be taken over');
  }

  return {
    name: 'crawls',
    async start() {
      for (const orphan of await runner.orphans()) void supervisor.adopt(orphan).catch(complain);
      heirs = createHeirs({ root: workRoot, everyMs: leaseMs / 6, inherit, onError: complain });
    },
    async stop(deadline) {
      heirs?.close();
      if (stopping.mode === 'drain')
        await supervisor.idle(AbortSignal.any([deadline, AbortSignal.timeout(stopping.drainMs)]));
      const patience = AbortSignal.any([deadline, AbortSignal.timeout(stopping.graceMs + FINISH_MS)]);
      const how = stopping.mode === 'handover' ? 'handover' : 'requeue';
      await supervisor.shutdown({ how, graceMs: stopping.graceMs, deadline: patience });
    },
  };
}
