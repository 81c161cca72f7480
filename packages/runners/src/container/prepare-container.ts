import { chmod, chown, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type CrawlRequest, commandLine, DomainError, type Version } from '@spiderhub/core';
import type { BoxDescription, Boxing, Limiting, UnitLimits } from '@spiderhub/isolation';
import type { JobDirectory } from '../job-directory.ts';
import { jobData, settingsLayers } from '../launch-files.ts';
import { type Engine, identityOf, removal } from './engine.ts';
import { containerEnvironment, writeEnvironment } from './environment.ts';
import { runArguments } from './run-arguments.ts';

export interface ContainerOptions {
  /** Null where this worker runs no images. */
  engine: Engine | null;
  /** Python that runs the shim. */
  python: string;
  launcherDir: string;
  boxing: Boxing;
  limiting: Limiting;
  /** Cores of a unit; 0: as many as there are. */
  cpusPerUnit: UnitLimits['cpus'];
  maxSpoolBytes: number;
  maxItemBytes: number;
}

/** The user of Scrapy Cloud's images, where projects have none of their own. */
const NOBODY = 65_534;

/**
 * Makes a crawl of an image ready: its launch.json starts container.py, which asks the engine for the container. May
 * take as long as the image takes to come. Throws what the customer has to mend, or what is broken here.
 */
export async function prepareContainer(
  directory: JobDirectory,
  request: CrawlRequest,
  version: Version & { image: string },
  options: ContainerOptions,
): Promise<void> {
  const { engine, python } = options;
  if (!engine)
    throw new DomainError(
      'invalid',
      'no_container_engine',
      `Version ${version.name} is a container image, and this worker runs none: set CONTAINER_ENGINE.`,
    );
  const name = basename(directory.root);
  const { project } = request.job.key;
  const login = request.registryLogin ?? null;
  const image = await engine.fetch({
    image: version.image,
    project,
    since: version.deployedAt,
    login,
    folder: directory.root,
  });
  const tenant = {
    name,
    project,
    units: request.job.units,
    python,
    readonly: [],
    writable: [],
    tmp: directory.tmp,
  };
  const box = await options.boxing.ofCrawl(tenant);
  const limits = await limitsOf(directory, request, options);
  const owner = await give(directory, engine, box);
  const data = JSON.stringify(jobData(request));
  const settings = settingsLayers(request);
  await writeFile(directory.job, data, { mode: 0o644 });
  await writeFile(directory.settings, settings, { mode: 0o644 });
  const identity = identityOf(dirname(directory.root), name);
  const environment = containerEnvironment(request, { data, settings, memoryBytes: limits.memoryBytes }, box);
  const written = await writeEnvironment(join(directory.root, 'environment'), environment);
  const command = (...words: string[]) => [...engine.command, ...words];
  const run = runArguments({
    directory,
    image,
    engine,
    identity,
    owner,
    box,
    limits,
    written,
  });
  const container = {
    run: command('run', ...run),
    bounded: limits.memoryBytes !== null,
    look: command('inspect', '--format', '{{.State.OOMKilled}}', identity.name),
    remove: command(...removal(engine.isPodman, [identity.name])),
  };
  const launch = launchOf(directory, request, options, engine, {
    container: { remove: container.remove, env: engine.env, pipeOwner: owner.isOurs ? null : owner.uid },
    limits,
  });
  await writeFile(join(directory.root, 'container.json'), JSON.stringify(container), { mode: 0o600 });
  await writeFile(directory.launch, JSON.stringify(launch), { mode: 0o600 });
}

/** What the shim executes, and what it has to know of the container. */
function launchOf(
  directory: JobDirectory,
  { job }: CrawlRequest,
  { python, launcherDir, maxSpoolBytes, maxItemBytes }: ContainerOptions,
  { env }: Engine,
  { container, limits }: { container: object; limits: ContainerLimits },
) {
  return {
    argv: [python, '-I', '-S', '-u', join(launcherDir, 'container.py'), directory.root],
    env,
    cwd: directory.root,
    box: null,
    container,
    // The engine holds what it is told to; only the disk is looked at from here. What asks the engine joins no control group:
    // whoever is to remove the container would be killed with the group.
    limits: {
      ...limits,
      memoryBytes: null,
      processes: null,
      cgroups: [],
      memoryGroup: null,
      pidsGroup: null,
      rlimits: {},
    },
    spoolBytes: maxSpoolBytes,
    itemBytes: maxItemBytes,
    saysFin: commandLine(job) === null,
  };
}

/** User of the crawl. `isOurs`: it is this process's own, in a user namespace of the engine's. */
export interface ContainerUser {
  uid: number;
  gid: number;
  isOurs: boolean;
}

/** The crawl's folders get its user, as far as this process may give things away. */
async function give(
  directory: JobDirectory,
  engine: Engine,
  box: BoxDescription | null,
): Promise<ContainerUser> {
  const isRoot = process.getuid?.() === 0;
  const owner = { uid: box?.uid ?? NOBODY, gid: box?.gid ?? box?.uid ?? NOBODY, isOurs: !isRoot };
  for (const folder of [directory.home, directory.tmp]) {
    if (isRoot) await chown(folder, owner.uid, owner.gid);
    // Docker's daemon is root, and this process is not: nobody else gets as far as the folder above.
    else if (!engine.isPodman) await chmod(folder, 0o777);
  }
  return isRoot ? owner : { ...owner, uid: NOBODY, gid: NOBODY };
}

export interface ContainerLimits {
  units: number;
  memoryBytes: number | null;
  processes: number | null;
  diskBytes: number | null;
  cpus: number | null;
  folders: string[];
  keptFolder: null;
}

async function limitsOf(
  directory: JobDirectory,
  { job }: CrawlRequest,
  { limiting, cpusPerUnit }: ContainerOptions,
): Promise<ContainerLimits> {
  const folders = [directory.home, directory.tmp];
  const wanted = {
    name: basename(directory.root),
    units: job.units,
    folders,
    keptFolder: null,
    ownUsers: false,
  };
  const limits = await limiting.ofCrawl(wanted);
  return {
    units: job.units,
    memoryBytes: limits?.memoryBytes ?? null,
    processes: limits?.processes ?? null,
    diskBytes: limits?.diskBytes ?? null,
    cpus: cpusPerUnit > 0 ? cpusPerUnit * job.units : null,
    folders,
    keptFolder: null,
  };
}
