import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import {
  type BlobStore,
  type CrawlRequest,
  type CrawlRunner,
  DomainError,
  type Orphan,
  type Version,
} from '@spiderhub/core';
import { allowanceOf, type UnitLimits } from '@spiderhub/isolation';
import { monotonicMs } from '@spiderhub/platform';
import { Stacks } from '../stacks.ts';
import { NotOurs } from './agent-client.ts';
import type { ApiServerOptions } from './api-server.ts';
import { commandOf, give } from './crawl-files.ts';
import { type InstallationPods, openInstallationPods } from './installation-pods.ts';
import { podOf } from './manifest.ts';
import { attemptOf, type Pod, statusOf } from './pod.ts';
import { PodCrawl, type Reached } from './pod-crawl.ts';
import { endOf, LOST } from './pod-end.ts';
import { createOnce, requireVersion, untilOwn, untilStarted } from './pod-start.ts';

export interface PodRunnerOptions {
  api: ApiServerOptions;
  namespace: string;
  /** Runs eggs, too, that need no packages of their own and no other stack. */
  withEggs: boolean;
  /** Pins of the base environment. */
  baseRequirementsPath: string;
  /** Image of the service, with Python and the launcher at the same places as here. */
  image: string;
  python: string;
  launcherDir: string;
  /** Known to all workers of the installation, and to nobody else. */
  secret: string;
  unit: UnitLimits;
  blobs: Pick<BlobStore, 'localPath'>;
  /** What a crawl may have in its Pod that nobody stored yet; then it has to wait. 256 MiB by default. */
  maxSpoolBytes?: number;
  /** The largest item that is kept, bytes. */
  maxItemBytes: number;
  leaseMs: number;
  /** How long a Pod may take to start, ms. */
  startMs: number;
  /** The cluster ends Pods after so long, s. */
  lifeSeconds: number;
  stopGraceSeconds: number;
  /** Receives trouble that is not for the customer. */
  log?: (message: string, details?: Record<string, unknown>) => void;
}

/** A runner whose crawls are Pods. */
export interface PodRunner extends CrawlRunner {
  /** Learns which Pods there are. Throws when the cluster cannot be asked, or may not be. */
  open(): Promise<void>;
  close(): void;
  /** Whether a version is for a Pod: all else its caller runs in another way. */
  takes(version: Version | null): boolean;
}

const MAX_SPOOL_BYTES = 256 * 1024 * 1024;
/** Pods whose agent has ended, and that nobody removed, are somebody's who is slow for this long, ms. */
const ABANDONED_MS = 3600_000;

/** Runs each crawl as one Pod, never as a Job: its retries would be a second scheduler. See docs/adr/0020-pods.md. */
export function createPodRunner(options: PodRunnerOptions): PodRunner {
  const worker = randomBytes(8).toString('hex');
  const pods = openInstallationPods(options, worker);
  const { watch } = pods;
  /** Names of Pods that this process looks after. */
  const ours = new Set<string>();

  function open(name: string, more: Pick<PodCrawlOptions, 'begin' | 'reached' | 'liveUntilMs'>): PodCrawl {
    ours.add(name);
    return new PodCrawl({
      ...more,
      name,
      watch,
      maxItemBytes: options.maxItemBytes,
      async remove(graceSeconds) {
        await pods.remove(name, graceSeconds);
        ours.delete(name);
      },
      exitOf: (error) => exitOf(error, options.log),
      log: options.log,
    });
  }

  async function begin(name: string, request: CrawlRequest, signal: AbortSignal): Promise<Reached> {
    const version = requireVersion(request);
    await create(name, { request, version, worker }, pods, options);
    const timeout = AbortSignal.timeout(options.startMs);
    const both = AbortSignal.any([signal, timeout]);
    const host = await untilStarted(watch, name, both, timeout);
    const agent = pods.agentOf(name, host);
    const state = await untilOwn(agent, both);
    const allowance = allowanceOf(options.unit, request.job.units);
    const { maxSpoolBytes = MAX_SPOOL_BYTES } = options;
    await give(agent, { ...options, request, version, allowance, maxSpoolBytes });
    return { agent, state };
  }

  /** Takes a Pod that nobody looks after; null when somebody does. */
  async function take(pod: Pod): Promise<Orphan | null> {
    const { name } = pod.metadata;
    const attempt = attemptOf(pod);
    const reached = attempt && (await reach(pod, pods, options));
    if (!attempt || !reached) return null;
    const begun = reached === 'gone' || !reached.state.started ? null : reached;
    const liveUntilMs = monotonicMs() + options.leaseMs;
    const adopt = async () => open(name, { reached: begun, liveUntilMs, begin: neverBegan });
    return { ...attempt, adopt, discard: () => pods.remove(name, 1) };
  }

  return {
    open: () => watch.start(),
    close: () => watch.stop(),
    takes: takingOf(options),
    async start(request) {
      const name = pods.nameOf(request.job);
      if (ours.has(name))
        throw new DomainError('conflict', 'attempt_exists', `${name} was started here before`);
      const liveUntilMs = monotonicMs() + request.leaseMs;
      return open(name, { reached: null, liveUntilMs, begin: (signal) => begin(name, request, signal) });
    },
    async orphans() {
      const others = watch.all().filter(({ metadata }) => !ours.has(metadata.name));
      const taken = await Promise.all(others.map(take));
      return taken.filter((orphan) => orphan !== null);
    },
  };
}

function takingOf({ withEggs, launcherDir, baseRequirementsPath }: PodRunnerOptions): PodRunner['takes'] {
  const stacks = new Stacks({ stacksDir: join(launcherDir, '../stacks'), baseRequirementsPath });
  return (version) => {
    if (version === null || version.image !== null) return version !== null;
    if (!withEggs || version.requirements?.trim()) return false;
    return stacks.fitting(version.stack, [])?.isCurrent ?? true;
  };
}

type PodCrawlOptions = ConstructorParameters<typeof PodCrawl>[0];

async function create(
  name: string,
  { request, version, worker }: { request: CrawlRequest; version: Version; worker: string },
  { api, path, installation, tokenOf, watch, pullSecrets }: InstallationPods,
  options: PodRunnerOptions,
): Promise<void> {
  const login = version.image === null ? null : (request.registryLogin ?? null);
  const image = version.image ?? options.image;
  const pullSecret = login && (await pullSecrets.make(name, image, login));
  const pod = podOf({
    name,
    job: { id: request.job.id, attempt: request.job.attempt, project: request.job.key.project },
    installation,
    madeBy: worker,
    tokenSha256: createHash('sha256').update(tokenOf(name)).digest('hex'),
    own: options,
    crawl: { image, command: commandOf(version, options), pullSecret },
    allowance: allowanceOf(options.unit, request.job.units),
    spoolBytes: options.maxSpoolBytes ?? MAX_SPOOL_BYTES,
    lifeSeconds: options.lifeSeconds,
    graceSeconds: options.stopGraceSeconds,
  });
  try {
    const made = await createOnce(api, path, pod, worker);
    watch.add(made);
    if (pullSecret) await pullSecrets.tie(pullSecret, made);
  } catch (error) {
    if (pullSecret) await pullSecrets.remove(pullSecret);
    throw error;
  }
}

async function reach(
  pod: Pod,
  pods: InstallationPods,
  { leaseMs, startMs, log }: PodRunnerOptions,
): Promise<(Reached & { state: { started: boolean } }) | 'gone' | null> {
  const { name, creationTimestamp = '' } = pod.metadata;
  const host = pod.status?.podIP;
  if (!host || statusOf(pod, 'agent')?.terminated || (endOf(pod)?.exit.shimDied ?? false)) {
    const age = Date.now() - Date.parse(creationTimestamp);
    return age > Math.max(ABANDONED_MS, startMs * 2) ? 'gone' : null;
  }
  const agent = pods.agentOf(name, host);
  try {
    return { agent, state: await agent.own(leaseMs / 2) };
  } catch (error) {
    if (!(error instanceof NotOurs)) log?.('the agent of a Pod cannot be asked', { error, name });
    return null;
  }
}

async function neverBegan(): Promise<never> {
  throw new DomainError('unavailable', 'worker_gone', 'its worker was gone before it had begun.');
}

/** What the customer has to mend fails; all else is worth another try. */
function exitOf(error: unknown, log: PodRunnerOptions['log']): ReturnType<PodCrawlOptions['exitOf']> {
  const isTheirs = error instanceof DomainError && error.kind !== 'unavailable';
  if (!isTheirs) log?.('a crawl could not be started', { error });
  const why = error instanceof DomainError ? error.message : 'an internal error, see the log of the worker.';
  const exit = isTheirs ? { code: 1, signal: null, deadlinePassed: false } : LOST;
  return { exit, words: `The crawl could not be started: ${why}` };
}
