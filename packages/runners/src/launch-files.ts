import { delimiter, dirname } from 'node:path';
import {
  type CrawlRequest,
  commandLine,
  formatJobKey,
  isVariableName,
  type Version,
  writeRawObject,
} from '@spiderhub/core';
import type { CrawlLimits } from '@spiderhub/isolation';
import type { JobDirectory } from './job-directory.ts';

/**
 * What Scrapy may take of each GB, as on Scrapy Cloud, in MB: it ends itself above that, in order, before the kernel
 * has to end it.
 */
const MEMORY_MB_PER_GB = 950;

/** `SHUB_JOB_DATA` as sh_scrapy reads it. */
export function jobData({ job, version, jobToken, apiUrl }: CrawlRequest): Record<string, unknown> {
  const command = commandLine(job);
  return {
    key: formatJobKey(job.key),
    project: job.key.project,
    spider: job.spiderName,
    auth: jobToken,
    spider_args: { ...job.internalArgs, ...job.args },
    api_url: apiUrl,
    tags: job.tags,
    state: 'running',
    priority: job.priority,
    units: job.units,
    version: version?.name ?? null,
    spider_type: 'manual',
    pending_time: job.pendingAt?.getTime() ?? null,
    running_time: job.runningAt?.getTime() ?? null,
    scheduled_by: job.scheduledBy,
    started_by: 'jobrunner',
    ...(command && { job_cmd: command, job_env: ownVariables(job.environment) }),
  };
}

/**
 * What runs code sent over the network stays off unless a project wants it; sh_scrapy would even bind the telnet console
 * to every interface.
 */
const CLOSED_DOORS = { TELNETCONSOLE_ENABLED: 'false', REMOTE_CONTROL_ENABLED: 'false' };

/** `SHUB_SETTINGS` as JSON text: the layers that sh_scrapy merges, the job's above all others. */
export function settingsLayers({ job, version, projectSettings, spiderSettings }: CrawlRequest): string {
  return writeRawObject([
    ['organization_settings', '{}'],
    ['project_settings', writeRawObject(Object.entries({ ...CLOSED_DOORS, ...projectSettings }))],
    ['spider_settings', writeRawObject(Object.entries(spiderSettings))],
    ['job_settings', writeRawObject(Object.entries(job.settings))],
    ['enabled_addons', '[]'],
    ['status', '"ok"'],
    ['version', JSON.stringify(version?.name ?? null)],
  ]);
}

export interface CrawlPlace {
  directory: JobDirectory;
  /** `SHUB_JOB_DATA` and `SHUB_SETTINGS` as JSON text; the directory has them as files. */
  jobData: string;
  settings: string;
  /** Python of the crawl's environment. */
  python: string;
  /** Unpacked eggs, the project's own first. */
  eggs: string[];
  version: Version;
  /** What outlives the job on request: files of its spider. Null where nothing does. */
  keptFolder: string | null;
  /** What the job may use; without, memory is that of its units and nothing else is limited. */
  limits?: CrawlLimits | null;
}

/** Longest text in bytes that goes into one variable; Linux refuses 128 KiB with the name. */
const MAX_VARIABLE_BYTES = 120 * 1024;

/**
 * What a variable holds: the JSON text as on Scrapy Cloud, since spidermon and shub-workflow parse it themselves; of a
 * longer one the file.
 */
function textOrFile(text: string, file: string): string {
  return Buffer.byteLength(text) <= MAX_VARIABLE_BYTES ? text : file;
}

/** The whole environment of a crawl: nothing of this process's own gets through. */
export function crawlEnvironment(request: CrawlRequest, place: CrawlPlace): Record<string, string> {
  const { job, variables, apiUrl, storageUrl } = request;
  const { directory } = place;
  return {
    LANG: 'C.UTF-8',
    PATH: [dirname(place.python), '/usr/local/bin', '/usr/bin', '/bin'].join(delimiter),
    ...ownVariables(variables),
    ...ownVariables(job.environment),
    HOME: directory.home,
    TMPDIR: directory.tmp,
    PYTHONPATH: place.eggs.join(delimiter),
    PYTHONUNBUFFERED: '1',
    SCRAPY_SETTINGS_MODULE: place.version.settingsModule,
    SHUB_FIFO_PATH: directory.pipe,
    SHUB_JOB_DATA: textOrFile(place.jobData, directory.job),
    SHUB_SETTINGS: textOrFile(place.settings, directory.settings),
    SHUB_JOBKEY: formatJobKey(job.key),
    SHUB_SPIDER: job.spiderName,
    SHUB_JOB_MEMORY_LIMIT: String(memoryLimitMb(job.units, place.limits)),
    SHUB_STORAGE: storageUrl,
    SHUB_APIURL: apiUrl,
    ...(place.keptFolder !== null && { SHUB_KEPT_FOLDER: place.keptFolder }),
  };
}

export function memoryLimitMb(
  units: number,
  limits: Pick<CrawlLimits, 'memoryBytes'> | null | undefined,
): number {
  const gb = limits?.memoryBytes ? limits.memoryBytes / 2 ** 30 : units;
  return Math.floor(gb * MEMORY_MB_PER_GB);
}

/** Variables of a project or job, without the service's own names and without what no environment can hold. */
export function ownVariables(environment: Record<string, string>): Record<string, string> {
  const allowed = Object.entries(environment).filter(
    ([name, value]) => isVariableName(name) && !name.startsWith('SHUB_') && !value.includes('\0'),
  );
  return Object.fromEntries(allowed);
}
