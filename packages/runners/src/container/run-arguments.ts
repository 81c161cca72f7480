import { existsSync, readFileSync } from 'node:fs';
import { DomainError } from '@spiderhub/core';
import type { BoxDescription } from '@spiderhub/isolation';
import type { JobDirectory } from '../job-directory.ts';
import type { Engine } from './engine.ts';
import { INSIDE } from './environment.ts';
import type { ContainerLimits, ContainerUser } from './prepare-container.ts';

export interface RunPlan {
  directory: JobDirectory;
  image: string;
  engine: Pick<Engine, 'isPodman'>;
  identity: { name: string; labels: Record<string, string> };
  owner: ContainerUser;
  box: BoxDescription | null;
  limits: Pick<ContainerLimits, 'memoryBytes' | 'processes' | 'cpus'>;
  /** Arguments that hand over the crawl's variables. */
  written: string[];
}

const SHM_BYTES = 64 * 2 ** 20;

/** The arguments of `run`: an own root that is read-only, no rights, and what the job may use. */
export function runArguments(plan: RunPlan): string[] {
  const { directory, identity, owner, limits } = plan;
  return [
    '--name',
    identity.name,
    ...Object.entries(identity.labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    '--pull=never',
    '--log-driver=none',
    '--read-only',
    // What an image calls volumes would be a place to write to that nobody measures; its health checks would be started by nobody's crawl.
    ...(plan.engine.isPodman ? ['--image-volume=ignore'] : []),
    '--no-healthcheck',
    '--cap-drop=all',
    '--security-opt=no-new-privileges',
    ...usersOf(plan),
    '--user',
    `${owner.uid}:${owner.gid}`,
    ...networkOf(plan),
    ...(limits.memoryBytes ? [`--memory=${limits.memoryBytes}`, `--memory-swap=${limits.memoryBytes}`] : []),
    ...(limits.processes ? [`--pids-limit=${limits.processes}`] : []),
    ...(limits.cpus ? [`--cpus=${limits.cpus}`] : []),
    `--shm-size=${SHM_BYTES}`,
    ...ulimits(),
    ...mount(directory.home, INSIDE.home),
    ...mount(directory.tmp, INSIDE.tmp),
    ...mount(directory.pipe, INSIDE.pipe),
    ...mount(directory.job, INSIDE.job, true),
    ...mount(directory.settings, INSIDE.settings, true),
    '--workdir',
    INSIDE.home,
    ...plan.written,
    // An image's own entry point is not asked: the contract names the program.
    '--entrypoint',
    'start-crawl',
    plan.image,
  ];
}

/** Without root the crawl's user is ours: what it writes belongs to this process, which can take it away. */
function usersOf({ owner, engine }: RunPlan): string[] {
  return owner.isOurs && engine.isPodman ? [`--userns=keep-id:uid=${owner.uid},gid=${owner.gid}`] : [];
}

/** What keeps crawls in boxes from what is not public keeps those in containers, too, or they do not start. */
function networkOf({ box, engine }: RunPlan): string[] {
  if (!box) return [];
  const { network } = box;
  if (network.kind === 'none') return ['--network=none'];
  if (!engine.isPodman)
    throw new DomainError(
      'invalid',
      'no_network_guard',
      'Containers of Docker cannot be kept from networks that are not public: use Podman, or set NETWORK=open and ISOLATION=none.',
    );
  if (network.kind === 'cell') return [`--network=ns:/proc/${network.pid}/ns/net`];
  return ['--network=host'];
}

const MOST_FILES = 65_536;
const MOST_PROCESSES = 16_384;

/** Engines ask for more than a process without rights may have, and fail. `--pids-limit` is what holds processes. */
function ulimits(): string[] {
  const text = existsSync('/proc/self/limits') ? readFileSync('/proc/self/limits', 'utf8') : '';
  const hard = (name: string, most: number) => {
    const limit = Number(new RegExp(`^${name} +\\S+ +(\\d+)`, 'm').exec(text)?.[1] ?? most);
    return Math.min(limit, most);
  };
  const [files, processes] = [hard('Max open files', MOST_FILES), hard('Max processes', MOST_PROCESSES)];
  return [`--ulimit=nofile=${files}:${files}`, `--ulimit=nproc=${processes}:${processes}`];
}

/** Fields of `--mount` are separated as in CSV. */
function mount(source: string, target: string, readonly = false): string[] {
  const quoted = `"source=${source.replaceAll('"', '""')}"`;
  return ['--mount', `type=bind,${quoted},target=${target}${readonly ? ',readonly' : ''}`];
}
