import { resolve } from 'node:path';
import type { CrawlRequest, JobDetails, RunningCrawl, Version } from '@spiderhub/core';
import { createPodRunner, type PodRunner } from '@spiderhub/runners';
import type { PodObject } from './kubelet.ts';
import { IMAGE, NAMESPACE, OWN_IMAGE, type Site } from './stage.ts';

const SECRET = 'the secret of the installation';
const LEASE_MS = 6000;
let lastId = 0;

/** The runner of another worker process. */
export async function openRunner(
  site: Site,
  more: { startMs?: number; memoryMb?: number } = {},
): Promise<PodRunner> {
  const runner = createPodRunner({
    api: { host: '127.0.0.1', port: site.cluster.port, accountDir: site.account },
    namespace: NAMESPACE,
    withEggs: false,
    baseRequirementsPath: resolve(__dirname, '../../python/requirements.txt'),
    image: OWN_IMAGE,
    python: process.env.SPIDERHUB_PYTHON ?? 'python3',
    launcherDir: resolve(__dirname, '../../python/launcher'),
    secret: SECRET,
    unit: { memoryMb: more.memoryMb ?? 128, processes: 100, diskMb: 100, cpus: 0 },
    blobs: { localPath: async (sha256) => sha256 },
    maxItemBytes: 2 ** 24,
    leaseMs: LEASE_MS,
    startMs: more.startMs ?? 60_000,
    lifeSeconds: 3600,
    stopGraceSeconds: 5,
  });
  await runner.open();
  return runner;
}

/** Asks for a crawl of a program of `start-crawl.sh`. */
export function request(
  spiderName: string,
  { leaseMs = 120_000, image = IMAGE, id = ++lastId } = {},
): CrawlRequest {
  const job = {
    id,
    key: { project: 7, spider: 1, job: id },
    spiderName,
    attempt: 1,
    priority: 2,
    units: 1,
    tags: [],
    args: {},
    internalArgs: {},
    settings: {},
    environment: { PASSWORD: 'tenant-password' },
    command: null,
  } as unknown as JobDetails;
  const version = {
    project: 7,
    name: '1.0',
    image,
    deployedAt: new Date(),
    extraEggs: [],
  } as unknown as Version;
  const urls = { apiUrl: 'http://127.0.0.1:9/api/', storageUrl: 'http://127.0.0.1:9/storage' };
  return {
    job,
    version,
    projectSettings: {},
    spiderSettings: {},
    variables: {},
    jobToken: 'job-token-of-it',
    leaseMs,
    ...urls,
  };
}

/** Reads a crawl: to its end, or until a line comes. */
export function listen(crawl: RunningCrawl) {
  const lines: string[] = [];
  const batches = crawl.messages()[Symbol.asyncIterator]();
  async function step(): Promise<boolean> {
    const { done, value } = await batches.next();
    if (!done) lines.push(...value.map(({ command, payload }) => `${command} ${payload.toString()}`));
    return !done;
  }
  return {
    lines,
    items: () => lines.filter((line) => line.startsWith('ITM')).map((line) => JSON.parse(line.slice(4))),
    async until(text: string) {
      while (!lines.some((line) => line.includes(text)))
        if (!(await step())) throw new Error(lines.join('\n'));
    },
    async toEnd() {
      while (await step());
      return lines.join('\n');
    },
  };
}

/** Runs a program to its end and takes it away. */
export async function run(from: PodRunner, spider: string, more: Parameters<typeof request>[1] = {}) {
  const crawl = await from.start(request(spider, more));
  const said = await listen(crawl).toEnd();
  const exit = await crawl.exited;
  await crawl.cleanUp();
  return { said, exit };
}

export const PODS = `/api/v1/namespaces/${NAMESPACE}/pods`;
export async function podsOf({ cluster }: Site): Promise<PodObject[]> {
  return (await cluster.call<{ items: PodObject[] }>('GET', PODS)).items;
}

export async function podOf(site: Site, id: number): Promise<PodObject> {
  const found = (await podsOf(site)).find(
    ({ metadata }) => metadata.labels['spiderhub.org/job'] === String(id),
  );
  if (!found) throw new Error('it has no Pod');
  return found;
}
