import { mkdir, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BlobStore, CrawlRequest, CrawlRunner, Orphan, RunningCrawl } from '@spiderhub/core';
import { type Boxing, type CrawlLimits, type Limiting, NO_BOXING, NO_LIMITS } from '@spiderhub/isolation';
import { monotonicMs } from '@spiderhub/platform';
import { createEngine, type EngineOptions } from './container/engine.ts';
import { prepareContainer } from './container/prepare-container.ts';
import { createEggs } from './eggs.ts';
import type { Environments } from './environments.ts';
import { aliveByIdentity } from './exit-watch.ts';
import { readJson } from './files.ts';
import type { ForkServers } from './fork-servers.ts';
import {
  directoryName,
  type JobDirectory,
  jobDirectory,
  makeJobDirectory,
  readDirectoryName,
} from './job-directory.ts';
import { bareLauncher, type Launcher } from './launcher.ts';
import { MAX_ITEM_BYTES } from './pipe-messages.ts';
import { prepareCrawl } from './prepare-crawl.ts';
import { openCrawl } from './running-crawl.ts';
import { type Shim, spawnShim } from './shim-process.ts';
import { startInBackground } from './start-crawl.ts';

export interface ProcessRunnerOptions {
  /** Python of the base environment; it also runs the shims. */
  python: string;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Holds a directory for each running attempt, and unpacked eggs. */
  workDir: string;
  environments: Environments;
  blobs: Pick<BlobStore, 'localPath'>;
  /** Starts those crawls that it can; without it each gets a new Python. */
  forkServers?: Pick<ForkServers, 'start'> | undefined;
  /** Decides what is executed for each crawl; without it a process with this user's rights. */
  launcher?: Launcher;
  /** Decides in which box each crawl runs; without it with this user's rights. */
  boxing?: Boxing | undefined;
  /** Decides what each crawl may use; without it all that there is. */
  limiting?: Limiting | undefined;
  /** Runs versions that are container images; without it these cannot run. */
  containers?: ContainersOptions | undefined;
  /** Holds a folder for each spider that wants to keep files beyond its jobs; without it none can. */
  keptDir?: string;
  /** What a crawl may have on disk that nobody stored yet; then it has to wait. 256 MiB by default. */
  maxSpoolBytes?: number;
  /** The largest item that is kept, bytes. 16 MiB by default. */
  maxItemBytes?: number;
  /** Receives progress and trouble that are not for the customer. */
  log?: (message: string, details?: Record<string, unknown>) => void;
}

export interface ContainersOptions {
  engine: EngineOptions;
  /** Cores of a unit; 0: as many as there are. */
  cpusPerUnit: number;
}

const MAX_SPOOL_BYTES = 256 * 1024 * 1024;

/** Runs each crawl as a process group under a shim of its own. */
export function createProcessRunner(options: ProcessRunnerOptions): CrawlRunner {
  const { python, launcherDir, workDir, forkServers, log } = options;
  const { preparation, prepare, engine } = preparing(options);
  /** Names of the directories that this process looks after. */
  const ours = new Set<string>();
  /** What a power cut left of an engine's, taken away once. */
  let sweeping: Promise<void> | undefined;

  async function startShim(directory: JobDirectory, forkPython: string | null): Promise<Shim> {
    const forked = forkPython === null ? null : await forkServers?.start(directory.root, forkPython);
    return forked ?? spawnShim(python, launcherDir, directory);
  }

  async function adopt(name: string): Promise<RunningCrawl> {
    const directory = jobDirectory(join(workDir, name));
    ours.add(name);
    return openCrawl(directory, {
      isAlive: aliveByIdentity(directory),
      maxItemBytes: preparation.maxItemBytes,
      beforeCleanUp: () => freeGroups(directory),
      onCleanUp: () => ours.delete(name),
    });
  }

  /** The launch file may be that of a worker whose groups were elsewhere. */
  async function freeGroups(directory: JobDirectory): Promise<void> {
    const launch = await readJson<{ limits?: CrawlLimits | null }>(directory.launch);
    await preparation.limiting.release(basename(directory.root), launch?.limits?.cgroups ?? []);
  }

  return {
    async start(request) {
      const name = directoryName(request.job);
      const directory = await makeJobDirectory(workDir, name, monotonicMs() + request.leaseMs);
      ours.add(name);
      let forkPython: string | null = null;
      const starting = startInBackground(directory, {
        prepare: async () => {
          forkPython = await prepare(directory, request);
        },
        startShim: () => startShim(directory, forkPython),
        log,
      });
      return openCrawl(directory, {
        ...starting,
        maxItemBytes: preparation.maxItemBytes,
        beforeCleanUp: () => freeGroups(directory),
        onCleanUp: () => ours.delete(name),
      });
    },
    async orphans() {
      await mkdir(workDir, { recursive: true, mode: 0o700 });
      sweeping ??= engine?.sweep(workDir).catch((error) => log?.('containers could not be swept', { error }));
      await sweeping;
      const names = (await readdir(workDir)).filter((name) => !ours.has(name));
      return names.flatMap((name): Orphan[] => {
        const attempt = readDirectoryName(name);
        if (!attempt) return [];
        return [{ ...attempt, adopt: () => adopt(name), discard: async () => discard(await adopt(name)) }];
      });
    },
  };
}

/** How crawls of eggs and of images are made ready. */
function preparing(options: ProcessRunnerOptions) {
  const { python, launcherDir, workDir, environments, blobs, log } = options;
  const preparation = {
    environments,
    eggs: createEggs({
      boxing: options.boxing ?? NO_BOXING,
      launcherDir,
      eggsDir: join(workDir, 'eggs'),
      blobs,
    }),
    launcher: options.launcher ?? bareLauncher(launcherDir),
    launcherDir,
    boxing: options.boxing ?? NO_BOXING,
    limiting: options.limiting ?? NO_LIMITS,
    maxSpoolBytes: options.maxSpoolBytes ?? MAX_SPOOL_BYTES,
    maxItemBytes: options.maxItemBytes ?? MAX_ITEM_BYTES,
    keptDir: options.keptDir ?? null,
    log,
  };
  const engine = options.containers ? createEngine(options.containers.engine) : null;
  const containers = { ...preparation, python, engine, cpusPerUnit: options.containers?.cpusPerUnit ?? 0 };
  /** Returns which Python's fork server may start it, null when none may. */
  async function prepare(directory: JobDirectory, request: CrawlRequest): Promise<string | null> {
    const { version } = request;
    if (version?.image == null) return (await prepareCrawl(directory, request, preparation)).forkPython;
    await prepareContainer(directory, request, { ...version, image: version.image }, containers);
    return null;
  }

  return { preparation, prepare, engine };
}

async function discard(crawl: RunningCrawl): Promise<void> {
  await crawl.kill();
  await crawl.exited;
  await crawl.cleanUp();
}
