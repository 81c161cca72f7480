import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { eventually } from '@spiderhub/testkit';
import { copyPrograms, makeRoot } from '../support/container-engine.ts';
import { type Crawl, readCrawl } from '../support/crawl.ts';
import { type Service, startService } from '../support/service.ts';
import { type Cluster, clusterPrograms, startCluster } from './cluster.ts';
import type { Image } from './container.ts';
import { Kubelet, type PodObject } from './kubelet.ts';

const CHECKOUT = resolve(__dirname, '../..');
export const NAMESPACE = 'spiderhub-crawls';
export const OWN_IMAGE = 'registry.example.org/spiderhub:0.1.0';
export const IMAGE = 'registry.example.org/plain:1';
/** Longer than a machine needs that other tests keep busy. */
export const LEASE_SECONDS = 20;

/** A program that is not Scrapy, as the contract of images wants it. */
const PROGRAM = readFileSync(join(__dirname, 'start-crawl.sh'), 'utf8');

/** What is missing for these tests; null when nothing is. */
export function missing(): string | null {
  if (process.env.KUBERNETES === undefined) return 'npm run test:kubernetes tries them';
  if (clusterPrograms() === null)
    return 'no etcd and kube-apiserver (KUBE_APISERVER): see docs/kubernetes.md';
  return process.getuid?.() === 0 ? null : 'containers of the test need root';
}

/** The service beside a cluster: crawls are Pods. */
export interface Stage extends Site {
  service: Service;
  schedule(spider: string, fields?: Record<string, string>): Promise<string>;
  ended(id: string, outcome: string | RegExp): Promise<Crawl>;
  hasItems(id: string): Promise<void>;
  stopJob(id: string): Promise<void>;
  /** Pods that the API server has. */
  pods(): Promise<PodObject[]>;
  podOf(id: string): Promise<PodObject>;
  attemptsOf(id: string): Promise<number>;
}

/** A cluster with one node, and what `deploy/kubernetes-pods` makes of it. */
export interface Site {
  folder: string;
  cluster: Cluster;
  kubelet: Kubelet;
  /** Holds the token of the workers' account. */
  account: string;
  close(): Promise<void>;
}

/** The node has room for 2 GiB. */
export async function openSite(): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 'pods-'));
  const cluster = await startCluster(folder);
  await cluster.apply('apiVersion: v1\nkind: Namespace\nmetadata: { name: spiderhub }\n');
  await cluster.apply(readFileSync(join(CHECKOUT, 'deploy/kubernetes-pods/crawls.yaml'), 'utf8'));
  const account = join(folder, 'account');
  mkdirSync(account);
  writeFileSync(join(account, 'token'), await cluster.tokenOf('spiderhub', 'spiderhub-worker'), {
    mode: 0o600,
  });
  writeFileSync(join(account, 'ca.crt'), cluster.ca);
  const kubelet = new Kubelet({ cluster, folder, images: imagesOf(folder), memoryBytes: 2 * 2 ** 30 });
  return {
    folder,
    cluster,
    kubelet,
    account,
    async close() {
      await kubelet.close();
      await cluster.close();
      if (!process.env.SPIDERHUB_KEEP) await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function openStage(pods: 'images' | 'all'): Promise<Stage> {
  const site = await openSite();
  const service = await startService({
    workers: 0,
    env: {
      CRAWL_PODS: pods,
      CRAWL_PODS_IMAGE: OWN_IMAGE,
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(site.cluster.port),
      KUBERNETES_ACCOUNT: site.account,
      LEASE_SECONDS: String(LEASE_SECONDS),
      STOP_GRACE_SECONDS: '5',
      UNIT_MEMORY_MB: '256',
    },
  });
  return {
    ...site,
    service,
    ...acts({ cluster: site.cluster, service }),
    async close() {
      await service.stop();
      await site.close();
    },
  };
}

function acts({ cluster, service }: { cluster: Cluster; service: Service }) {
  const project = String(service.team.project);
  const path = `/api/v1/namespaces/${NAMESPACE}/pods`;
  const pods = async () => (await cluster.call<{ items: PodObject[] }>('GET', path)).items;
  const databaseId = async (id: string) => {
    const [, spider, number] = id.split('/').map(Number);
    const where = { project_id: service.team.project, spider, number };
    const row = await service.db.database('jobs').where(where).first('id');
    return Number(row.id);
  };
  return {
    pods,
    async podOf(id: string) {
      const label = String(await databaseId(id));
      const found = (await pods()).find(({ metadata }) => metadata.labels['spiderhub.org/job'] === label);
      if (!found) throw new Error(`${id} has no Pod`);
      return found;
    },
    async attemptsOf(id: string) {
      const rows = await service.db.database('job_attempts').where('job_id', await databaseId(id));
      return rows.length;
    },
    async schedule(spider: string, fields: Record<string, string> = {}) {
      const answer = await service.call('/api/run.json', {
        project,
        spider,
        nonce: String(Math.random()),
        ...fields,
      });
      const { jobid } = (await answer.json()) as { jobid: string };
      return jobid;
    },
    async ended(id: string, outcome: string | RegExp) {
      await eventually(
        async () => {
          const answer = await service.call(`/api/jobs/list.json?project=${project}&job=${id}`);
          const { jobs } = (await answer.json()) as { jobs: { state: string; close_reason: string }[] };
          expect(jobs[0]?.state).toBe('finished');
          expect(jobs[0]?.close_reason).toEqual(
            typeof outcome === 'string' ? outcome : expect.stringMatching(outcome),
          );
        },
        { timeoutMs: 240_000, everyMs: 200 },
      );
      return readCrawl(service, id);
    },
    async hasItems(id: string) {
      await eventually(async () => expect((await readCrawl(service, id)).items).not.toEqual([]), {
        timeoutMs: 120_000,
        everyMs: 200,
      });
    },
    async stopJob(id: string) {
      await service.call('/api/jobs/stop.json', { project, job: id });
    },
  };
}

/** What the double of the kubelet can fetch. */
export function imagesOf(folder: string): Record<string, Image> {
  return { [OWN_IMAGE]: ownImage(), [IMAGE]: plainImage(folder) };
}

/** The image of the service: this checkout and its Python. */
function ownImage(): Image {
  const python = process.env.SPIDERHUB_PYTHON ?? 'python3';
  const program = 'import sys; print(sys.prefix); print(sys.base_prefix)';
  const prefixes = execFileSync(python, ['-c', program], { encoding: 'utf8' }).trim().split('\n');
  const system = ['/bin', '/lib', '/lib64', '/usr', '/etc'].filter((path) => existsSync(path));
  const others = [...prefixes, join(CHECKOUT, 'python'), dirname(dirname(python))];
  return { folders: [...system, ...new Set(others.filter((path) => !path.startsWith('/usr')))] };
}

function plainImage(folder: string): Image {
  const root = join(folder, 'plain');
  makeRoot(root, PROGRAM);
  copyPrograms(root, [
    '/bin/sh',
    '/bin/sleep',
    '/bin/cat',
    '/usr/bin/id',
    '/usr/bin/tail',
    '/usr/bin/timeout',
  ]);
  return { root };
}
