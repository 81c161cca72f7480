import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type {
  BlobStore,
  CrawlRequest,
  JobDetails,
  MessageCounts,
  PipeCommand,
  PipeMessage,
  RunningCrawl,
  Version,
} from '@spiderhub/core';
import { aJobDetails } from '@spiderhub/testkit';

const ROOT = resolve(__dirname, '../../../..');
export const LAUNCHER_DIR = join(ROOT, 'python/launcher');
export const REQUIREMENTS_PATH = join(ROOT, 'python/requirements.txt');
export const DEMO_PROJECT = join(ROOT, 'examples/demo-project');
export const PROBE_PROJECT = join(ROOT, 'packages/runners/fixtures/probe');

/** Python with Scrapy and its companions, which these tests run for real. */
export function requirePython(): string {
  const candidates = [process.env.SPIDERHUB_PYTHON, join(ROOT, '.spiderhub/python/bin/python')];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found) return found;
  throw new Error('Set SPIDERHUB_PYTHON to a Python that has the packages of python/requirements.txt');
}

/** Eggs by their hash in a directory. */
export async function keepFile(
  directory: string,
  path: string,
): Promise<{ sha256: string; sizeBytes: number }> {
  const bytes = await readFile(path);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await mkdir(directory, { recursive: true });
  await copyFile(path, join(directory, sha256));
  return { sha256, sizeBytes: bytes.length };
}

export function filesOf(directory: string): Pick<BlobStore, 'localPath'> {
  return { localPath: async (sha256) => join(directory, sha256) };
}

/** Builds a project's egg with the tool that the examples use. */
export async function buildEgg(project: string, eggPath: string): Promise<void> {
  await promisify(execFile)(requirePython(), [join(ROOT, 'examples/build-egg.py'), project, eggPath]);
}

export function versionOf(eggSha256: string, settingsModule: string, more: Partial<Version> = {}): Version {
  return {
    project: 7,
    name: '1.0',
    eggSha256,
    image: null,
    eggSizeBytes: 1,
    extraEggs: [],
    requirements: null,
    stack: null,
    settingsModule,
    spiders: [],
    scripts: [],
    deployedBy: 'ada',
    deployedAt: new Date(),
    ...more,
  };
}

let lastId = 0;

export function crawlRequest(
  version: Version | null,
  job: Partial<JobDetails>,
  more: Partial<CrawlRequest> = {},
): CrawlRequest {
  lastId += 1;
  return {
    job: jobDetails({ id: lastId, key: { project: 7, spider: 1, job: lastId }, ...job }),
    version,
    projectSettings: {},
    spiderSettings: {},
    variables: {},
    jobToken: 'job-token',
    apiUrl: 'http://127.0.0.1:9/api/',
    storageUrl: 'http://127.0.0.1:9/storage/',
    leaseMs: 120_000,
    ...more,
  };
}

function jobDetails(given: Partial<JobDetails>): JobDetails {
  const key = { project: 7, spider: 1, job: 1 };
  const running = { state: 'running', closeReason: null, finishedAt: null } as const;
  return aJobDetails({
    id: 0,
    key,
    spiderName: 'numbers',
    version: '1.0',
    scheduledBy: 'ada',
    ...running,
    ...given,
  });
}

/** Follows a crawl's messages step by step; each step goes on where the last one ended. */
export interface Listener {
  all: PipeMessage[];
  /** Reads until `enough` holds. Throws when the crawl ends before. */
  until(enough: () => boolean): Promise<void>;
  toEnd(): Promise<void>;
  /** Listens no more. */
  close(): Promise<void>;
  counts(): MessageCounts;
  payloads(command: PipeCommand): Record<string, unknown>[];
  logs(): string;
}

export function listen(crawl: RunningCrawl): Listener {
  const batches = crawl.messages()[Symbol.asyncIterator]();
  const all: PipeMessage[] = [];

  async function step(): Promise<boolean> {
    const { done, value } = await batches.next();
    if (!done) all.push(...value);
    return !done;
  }

  const of = (command: PipeCommand) => all.filter((message) => message.command === command);
  const payloads = (command: PipeCommand) =>
    of(command).map(({ payload }) => JSON.parse(payload.toString()) as Record<string, unknown>);
  const logs = () =>
    payloads('LOG')
      .map((log) => `${String(log.level)} ${String(log.message)}`)
      .join('\n');

  return {
    all,
    payloads,
    logs,
    async until(enough) {
      while (!enough()) {
        if (!(await step())) throw new Error(`The crawl ended too early. Its log:\n${logs()}`);
      }
    },
    async toEnd() {
      while (await step());
    },
    async close() {
      await batches.return?.();
    },
    counts() {
      const counts = { ...crawl.resumedAt };
      for (const { command } of all) counts[command] += 1;
      return counts;
    },
  };
}

/** What the probe spider `family` tells of itself and its children. */
export function pidsOf(heard: Listener): number[] {
  return heard.payloads('ITM')[0]?.pids as number[];
}

/** Those of the spider's family that still run. In a box they have other ids outside: there it is who is in that box. */
export function runningOf(heard: Listener): number[] {
  const space = heard.payloads('ITM')[0]?.space;
  if (space === readlinkSync('/proc/self/ns/pid')) return pidsOf(heard).filter(isRunning);
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && spaceOf(name) === space)
    .map(Number)
    .filter(isRunning);
}

function spaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

/** Whether a process runs: one that only waits to be collected by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2)[0] !== 'Z';
  } catch {
    return false;
  }
}

/**
 * Makes a package `tinydep` in a folder that `PIP_FIND_LINKS` may name: a ZIP file with three text files beside its module.
 * Whoever runs a Python that has it and may write to that folder leaves a file `ran-UID` there. Returns a requirements.txt
 * for it.
 */
export async function makeWheel(directory: string): Promise<string> {
  const wheel = join(directory, 'tinydep-1.0-py3-none-any.whl');
  const script = join(directory, 'wheel.py');
  await writeFile(
    script,
    `import os, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as wheel:
    wheel.writestr('tinydep.pth', 'import os; open(os.path.join(%r, "ran-" + str(os.getuid())), "w")' % os.path.dirname(sys.argv[1]))
    wheel.writestr('tinydep.py', 'VERSION = "1.0"')
    wheel.writestr('tinydep-1.0.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: tinydep\\nVersion: 1.0\\n')
    wheel.writestr('tinydep-1.0.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('tinydep-1.0.dist-info/RECORD', '')
`,
  );
  execFileSync(requirePython(), [script, wheel]);
  return 'tinydep==1.0\n';
}
