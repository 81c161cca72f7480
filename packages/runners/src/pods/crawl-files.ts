import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BlobStore, type CrawlRequest, commandLine, DomainError, type Version } from '@spiderhub/core';
import type { Allowance } from '@spiderhub/isolation';
import { containerEnvironment } from '../container/environment.ts';
import { jobDirectory } from '../job-directory.ts';
import { crawlEnvironment, jobData, settingsLayers } from '../launch-files.ts';
import type { AgentClient } from './agent-client.ts';
import { IN_POD } from './manifest.ts';

export interface GivenTo {
  request: CrawlRequest;
  version: Version;
  allowance: Allowance;
  /** Python of the service's image. */
  python: string;
  blobs: Pick<BlobStore, 'localPath'>;
  maxSpoolBytes: number;
  maxItemBytes: number;
}

/** The eggs of a version, by the names that they have in the Pod. */
export function eggsOf(version: Version): { name: string; sha256: string }[] {
  if (version.image !== null) return [];
  return [version.eggSha256, ...version.extraEggs].map((sha256, number) => ({
    name: `egg-${number}`,
    sha256,
  }));
}

/** What the crawl's container runs: the program of the contract, or our own for eggs. */
export function commandOf(
  version: Version,
  { python, launcherDir }: { python: string; launcherDir: string },
): string[] {
  if (version.image !== null) return ['start-crawl'];
  const eggs = eggsOf(version).map(({ name }) => `${IN_POD.shared}/${name}`);
  return [python, `${launcherDir}/pod_crawl.py`, `${IN_POD.tmp}/eggs`, ...eggs];
}

/** Hands a crawl all that it is told, and lets it begin. */
export async function give(agent: AgentClient, given: GivenTo): Promise<void> {
  const { request, version, blobs } = given;
  const data = JSON.stringify(jobData(request));
  const settings = settingsLayers(request);
  for (const { name, sha256 } of eggsOf(version))
    await agent.put(name, await readFile(await blobs.localPath(sha256)));
  await agent.put('job.json', data);
  await agent.put('settings.json', settings);
  await agent.put('environment', shellText(environmentOf(given, data, settings)));
  await agent.post('start', {
    leaseMs: request.leaseMs,
    spoolBytes: given.maxSpoolBytes,
    itemBytes: given.maxItemBytes,
    saysFin: commandLine(request.job) === null,
  });
}

function environmentOf(
  { request, version, allowance: { memoryBytes }, python }: GivenTo,
  data: string,
  settings: string,
): Record<string, string> {
  const pipe = `${IN_POD.shared}/pipe`;
  if (version.image !== null)
    return { ...containerEnvironment(request, { data, settings, memoryBytes }, null), SHUB_FIFO_PATH: pipe };
  const directory = { ...jobDirectory(IN_POD.shared), home: IN_POD.home, tmp: IN_POD.tmp, pipe };
  const place = { directory, jobData: data, settings, python, eggs: [], version, keptFolder: null };
  const limits = memoryBytes === null ? null : ({ memoryBytes } as Allowance);
  const { PYTHONPATH: _, ...variables } = crawlEnvironment(request, { ...place, limits: limits as never });
  return { ...variables, PATH: [dirname(python), '/usr/local/bin', '/usr/bin', '/bin'].join(':') };
}

/** Lines that any shell reads back as these variables. */
export function shellText(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => {
      if (!/^[A-Za-z_]\w*$/.test(name))
        throw new DomainError(
          'invalid',
          'bad_variable',
          `A variable may not be called ${JSON.stringify(name)}.`,
        );
      return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`;
    })
    .join('');
}
