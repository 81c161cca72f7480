import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type CrawlRequest, commandLine, DomainError, type Version } from '@spiderhub/core';
import type { BoxDescription, Boxing, CrawlLimits, Limiting } from '@spiderhub/isolation';
import type { Eggs } from './eggs.ts';
import type { Environments } from './environments.ts';
import { environmentOf, ownEnvironment } from './files.ts';
import type { JobDirectory } from './job-directory.ts';
import { type CrawlPlace, jobData, settingsLayers } from './launch-files.ts';
import type { Launcher } from './launcher.ts';

export interface PrepareOptions {
  environments: Environments;
  eggs: Eggs;
  launcher: Launcher;
  /** Absolute path of `python/launcher`. */
  launcherDir: string;
  /** Decides in which box crawls run. */
  boxing: Boxing;
  /** Decides what crawls may use. */
  limiting: Limiting;
  /** What a crawl may have on disk that nobody stored yet, bytes. */
  maxSpoolBytes: number;
  /** The largest item that is kept, bytes. */
  maxItemBytes: number;
  /** Holds a folder for each spider that wants to keep files; see docs/files-of-a-crawl.md. */
  keptDir: string | null;
  /** Receives progress that is not for the customer. */
  log?: ((message: string) => void) | undefined;
}

export interface Prepared {
  /**
   * Python whose fork server may start it. In a box that is the stack's own, whatever was installed for the project: a
   * server of that would run its code, as every start of its Python does, with this process's rights.
   */
  forkPython: string;
}

/**
 * Brings together all that a crawl needs; its launch.json then says what to execute. May take minutes. Throws what the
 * customer has to mend (a DomainError), or what is broken here.
 */
export async function prepareCrawl(
  directory: JobDirectory,
  request: CrawlRequest,
  options: PrepareOptions,
): Promise<Prepared> {
  const { environments, eggs, launcher, maxSpoolBytes, maxItemBytes, keptDir, log } = options;
  const version = requireVersion(request);
  const { python, stackPython } = await environments.ensure(version, (line) => log?.(line));
  const unpacked = await Promise.all(
    [version.eggSha256, ...version.extraEggs].map((sha256) =>
      eggs.unpacked(sha256, stackPython, request.job.key.project),
    ),
  );
  const data = JSON.stringify(jobData(request));
  const settings = settingsLayers(request);
  const { project, spider } = request.job.key;
  const keptFolder = keptDir && join(keptDir, String(project), String(spider));
  const paths = { directory, jobData: data, settings, python, eggs: unpacked, version, keptFolder };
  const box = await boxOf(request, paths, stackPython, options);
  const limits = await limitsOf(request, paths, options, box);
  const started = await launcher(request, { ...paths, limits });
  const launch = {
    ...started,
    env: { ...started.env, ...box?.environment },
    box: box && limits ? { ...box, cgroups: limits.cgroups, rlimits: limits.rlimits } : box,
    // A server of the stack makes up for it in the box.
    ...(box && python !== stackPython && { beside: environmentOf(python) }),
    limits,
    spoolBytes: maxSpoolBytes,
    itemBytes: maxItemBytes,
    saysFin: commandLine(request.job) === null,
  };
  await Promise.all([
    writeFile(directory.job, data, { mode: 0o600 }),
    writeFile(directory.settings, settings, { mode: 0o600 }),
    writeFile(directory.launch, JSON.stringify(launch), { mode: 0o600 }),
  ]);
  return { forkPython: box === null ? python : stackPython };
}

/** What a crawl needs of this machine; all else is out of its reach where it has a box. */
async function boxOf(
  request: CrawlRequest,
  place: Omit<CrawlPlace, 'limits'>,
  stackPython: string,
  { boxing, launcherDir }: PrepareOptions,
) {
  const { directory, python, eggs, keptFolder } = place;
  // A box can only show what is there.
  if (keptFolder !== null) await mkdir(keptFolder, { recursive: true, mode: 0o700 });
  return boxing.ofCrawl({
    name: basename(directory.root),
    project: request.job.key.project,
    units: request.job.units,
    // The environment's own says what its packages let it say.
    python: stackPython,
    readonly: [
      launcherDir,
      ...ownEnvironment(python, stackPython),
      ...eggs,
      directory.job,
      directory.settings,
    ],
    writable: [directory.home, directory.tmp, directory.pipe, ...(keptFolder === null ? [] : [keptFolder])],
    owned: [directory.job, directory.settings],
    tmp: directory.tmp,
  });
}

/** What a crawl may use, for its shim and for its box. */
function limitsOf(
  { job }: CrawlRequest,
  { directory, keptFolder }: CrawlPlace,
  { limiting }: PrepareOptions,
  box: BoxDescription | null,
): Promise<CrawlLimits | null> {
  return limiting.ofCrawl({
    name: basename(directory.root),
    units: job.units,
    folders: [directory.home, directory.tmp, ...(keptFolder === null ? [] : [keptFolder])],
    keptFolder,
    ownUsers: box?.userns ?? false,
  });
}

function requireVersion({ version, job }: CrawlRequest): Version {
  if (version) return version;
  const wanted =
    job.version === null ? 'Nothing is deployed in this project' : `Version ${job.version} is not deployed`;
  throw new DomainError('invalid', 'no_version', `${wanted}: deploy it with "shub deploy".`);
}
