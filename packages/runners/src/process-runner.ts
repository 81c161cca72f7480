import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlobStore,
  type CrawlRequest,
  type CrawlRunner,
  DomainError,
  type Orphan,
  type RunningCrawl,
  type Version,
} from '@spiderhub/core';
import { hasCode, monotonicMs } from '@spiderhub/platform';
import { createEggs, type Eggs } from './eggs.ts';
import type { Environments } from './environments.ts';
import { aliveByIdentity, type CrawlExit } from './exit-watch.ts';
import { readText, writeAtomic, writeDeadline } from './files.ts';
import type { ForkServer } from './fork-server.ts';
import { directoryName, type JobDirectory, jobDirectory, readDirectoryName } from './job-directory.ts';
import { crawlEnvironment, jobData, settingsLayers } from './launch-files.ts';
import { logMessage } from './pipe-messages.ts';
import { openCrawl } from './running-crawl.ts';
import { type Shim, spawnShim } from './shim-process.ts';
import { spoolFileName } from './spool-reader.ts';

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
  forkServer?: Pick<ForkServer, 'start'> | undefined;
  /** What a crawl may have on disk that nobody stored yet; then it has to wait. 256 MiB by default. */
  maxSpoolBytes?: number;
  /** Receives progress and trouble that are not for the customer. */
  log?: (message: string, details?: Record<string, unknown>) => void;
}

const MAX_SPOOL_BYTES = 256 * 1024 * 1024;

/** Runs each crawl as a bare process group under a shim of its own, with this user's rights. */
export function createProcessRunner(options: ProcessRunnerOptions): CrawlRunner {
  const eggs = createEggs({
    eggsDir: join(options.workDir, 'eggs'),
    python: options.python,
    blobs: options.blobs,
  });
  /** Names of the directories that this process looks after. */
  const ours = new Set<string>();

  async function adopt(name: string): Promise<RunningCrawl> {
    const directory = jobDirectory(join(options.workDir, name));
    ours.add(name);
    return openCrawl(directory, {
      isAlive: aliveByIdentity(directory),
      onCleanUp: () => ours.delete(name),
    });
  }

  return {
    async start(request) {
      const name = directoryName(request.job);
      const directory = await makeDirectory(options.workDir, name);
      ours.add(name);
      await writeDeadline(directory.deadline, monotonicMs() + request.leaseMs);
      const launch = launchInBackground(directory, request, options, eggs);
      return openCrawl(directory, { ...launch, onCleanUp: () => ours.delete(name) });
    },
    async orphans() {
      await mkdir(options.workDir, { recursive: true, mode: 0o700 });
      const names = (await readdir(options.workDir)).filter((name) => !ours.has(name));
      return names.flatMap((name): Orphan[] => {
        const attempt = readDirectoryName(name);
        if (!attempt) return [];
        return [{ ...attempt, adopt: () => adopt(name), discard: async () => discard(await adopt(name)) }];
      });
    },
  };
}

async function discard(crawl: RunningCrawl): Promise<void> {
  await crawl.kill();
  await crawl.exited;
  await crawl.cleanUp();
}

async function makeDirectory(workDir: string, name: string): Promise<JobDirectory> {
  const directory = jobDirectory(join(workDir, name));
  await mkdir(workDir, { recursive: true, mode: 0o700 });
  try {
    await mkdir(directory.root, { mode: 0o700 });
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    throw new DomainError('conflict', 'attempt_exists', `attempt ${name} was started here before`, {
      cause: error,
    });
  }
  await Promise.all(
    [directory.home, directory.tmp, directory.spool].map((path) => mkdir(path, { mode: 0o700 })),
  );
  return directory;
}

interface Launch {
  isAlive: () => boolean;
  gone: Promise<void>;
  giveUp(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * An environment may take minutes to build. The crawl exists meanwhile: its deadline can be moved, it can be stopped,
 * and whatever goes wrong becomes its log and its exit.
 */
function launchInBackground(
  directory: JobDirectory,
  request: CrawlRequest,
  options: ProcessRunnerOptions,
  eggs: Eggs,
): Launch {
  let alive = true;
  let giveUp: (signal: 'SIGTERM' | 'SIGKILL') => void = () => {};
  const givenUp = new Promise<'SIGTERM' | 'SIGKILL'>((resolve) => {
    giveUp = resolve;
  });

  /** The shim, or null when it was never needed. Nothing may go wrong here once it runs: from then on it reports. */
  async function launch(): Promise<Shim | null> {
    const signal = await Promise.race([prepare(directory, request, options, eggs), givenUp]);
    if (!signal) return startShim(directory, options);
    await writeExit(directory, { code: null, signal, deadlinePassed: false });
    return null;
  }

  async function watch(): Promise<void> {
    const shim = await launch().catch((error: unknown) => fail(directory, error, options.log));
    if (!shim) return;
    await shim.gone;
    const said = await readText(directory.shimLog);
    if (said) options.log?.('a shim had trouble', { said, directory: directory.root });
  }

  const gone = watch()
    .catch((error: unknown) => options.log?.('a crawl got lost', { error, directory: directory.root }))
    .finally(() => {
      alive = false;
    });
  return { isAlive: () => alive, gone, giveUp };
}

async function startShim(directory: JobDirectory, options: ProcessRunnerOptions): Promise<Shim> {
  const forked = await options.forkServer?.start(directory.root);
  return forked ?? spawnShim(options.python, options.launcherDir, directory);
}

/** Brings together all that the crawl needs. Throws what the customer has to mend, or what is broken here. */
async function prepare(
  directory: JobDirectory,
  request: CrawlRequest,
  options: ProcessRunnerOptions,
  eggs: Eggs,
): Promise<void> {
  const version = requireVersion(request);
  const [{ python }, ...unpacked] = await Promise.all([
    options.environments.ensure(version.requirements, (line) => options.log?.(line)),
    ...[version.eggSha256, ...version.extraEggs].map((sha256) => eggs.unpacked(sha256)),
  ]);
  const data = JSON.stringify(jobData(request));
  const settings = settingsLayers(request);
  const launch = {
    argv: [python, join(options.launcherDir, 'crawl.py')],
    env: crawlEnvironment(request, { directory, jobData: data, settings, python, eggs: unpacked, version }),
    cwd: directory.home,
    spoolBytes: options.maxSpoolBytes ?? MAX_SPOOL_BYTES,
  };
  await Promise.all([
    writeFile(directory.job, data, { mode: 0o600 }),
    writeFile(directory.settings, settings, { mode: 0o600 }),
    writeFile(directory.launch, JSON.stringify(launch), { mode: 0o600 }),
  ]);
}

function requireVersion({ version, job }: CrawlRequest): Version {
  if (version) return version;
  const wanted =
    job.version === null ? 'Nothing is deployed in this project' : `Version ${job.version} is not deployed`;
  throw new DomainError('invalid', 'no_version', `${wanted}: deploy it with "shub deploy".`);
}

/** A crawl that could not be started looks like one that failed at once: a line in its log and exit code 1. */
async function fail(
  directory: JobDirectory,
  error: unknown,
  log: ProcessRunnerOptions['log'],
): Promise<null> {
  const why = error instanceof DomainError ? error.message : 'an internal error, see the log of the worker.';
  if (!(error instanceof DomainError))
    log?.('a crawl could not be started', { error, directory: directory.root });
  const line = logMessage(40, `The crawl could not be started: ${why}`).payload;
  await writeFile(
    join(directory.spool, spoolFileName(1)),
    Buffer.concat([Buffer.from('LOG '), line, Buffer.from('\n')]),
  );
  await writeExit(directory, { code: 1, signal: null, deadlinePassed: false });
  return null;
}

async function writeExit(directory: JobDirectory, exit: CrawlExit): Promise<void> {
  await writeAtomic(directory.exit, JSON.stringify(exit));
}
