import { writeFile } from 'node:fs/promises';
import { type CrawlRequest, formatJobKey } from '@spiderhub/core';
import type { BoxDescription } from '@spiderhub/isolation';
import { memoryLimitMb, ownVariables } from '../launch-files.ts';

/** Where things are inside of each container: the words of Scrapy Cloud's contract, but for the two files. */
export const INSIDE = {
  home: '/scrapinghub',
  pipe: '/dev/scrapinghub',
  tmp: '/tmp',
  job: '/run/spiderhub/job.json',
  settings: '/run/spiderhub/settings.json',
};

/** Engines read a file of variables by lines of 64 KiB at most. */
const MAX_LINE_BYTES = 60 * 1024;

/** All that a crawl in a container is told. */
export function containerEnvironment(
  request: CrawlRequest,
  { data, settings, memoryBytes }: { data: string; settings: string; memoryBytes: number | null },
  box: BoxDescription | null,
): Record<string, string> {
  const { job, variables, apiUrl, storageUrl } = request;
  return {
    ...ownVariables(variables),
    ...ownVariables(job.environment),
    ...box?.environment,
    HOME: INSIDE.home,
    TMPDIR: INSIDE.tmp,
    SHUB_FIFO_PATH: INSIDE.pipe,
    SHUB_JOB_DATA: Buffer.byteLength(data) <= MAX_LINE_BYTES ? data : INSIDE.job,
    SHUB_SETTINGS: Buffer.byteLength(settings) <= MAX_LINE_BYTES ? settings : INSIDE.settings,
    SHUB_JOBKEY: formatJobKey(job.key),
    SHUB_SPIDER: job.spiderName,
    SHUB_JOB_ENV: JSON.stringify(ownVariables(job.environment)).replaceAll('\n', ' '),
    SHUB_JOB_MEMORY_LIMIT: String(memoryLimitMb(job.units, { memoryBytes })),
    SHUB_STORAGE: storageUrl,
    SHUB_APIURL: apiUrl,
  };
}

/**
 * Writes what fits into a file of variables, and returns the arguments for it and for the rest. The engine's own environment is no
 * way: a tenant's LD_PRELOAD would be the engine's.
 */
export async function writeEnvironment(path: string, variables: Record<string, string>): Promise<string[]> {
  const all = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const isLine = (text: string) => !/[\r\n]/.test(text) && Buffer.byteLength(text) <= MAX_LINE_BYTES + 1024;
  await writeFile(
    path,
    all
      .filter(isLine)
      .map((line) => `${line}\n`)
      .join(''),
    { mode: 0o600 },
  );
  const others = all.filter((text) => !isLine(text));
  return ['--env-file', path, ...others.flatMap((text) => ['--env', text])];
}
