import { chmodSync, chownSync, mkdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, RefusedByCluster } from './cluster.ts';
import { type Container, type Image, runContainer } from './container.ts';

/**
 * A double for scheduler and kubelet: it binds the Pods of an API server to a node, runs their containers as processes of
 * this machine (`container.ts`), asks their liveness probes, removes them as they are deleted, and writes their status. What
 * a node's network, disk and images do of themselves is set by hand.
 */
export interface KubeletOptions {
  cluster: Cluster;
  folder: string;
  /** What each name of an image is; others cannot be fetched. */
  images: Record<string, Image>;
  /** Memory of the node: Pods that ask for more are not scheduled. */
  memoryBytes?: number;
}

export interface PodObject {
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    deletionTimestamp?: string;
    deletionGracePeriodSeconds?: number;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: {
    containers: ContainerSpec[];
    nodeName?: string;
    activeDeadlineSeconds?: number;
    securityContext: { fsGroup: number };
    volumes: { name: string; emptyDir?: object }[];
    [field: string]: unknown;
  };
  status: { phase: string; podIP?: string };
}

interface ContainerSpec {
  name: string;
  image: string;
  command: string[];
  workingDir?: string;
  env?: { name: string; value?: string; valueFrom?: object }[];
  resources: { limits?: { memory?: string }; requests?: { memory?: string } };
  securityContext: { runAsUser: number; readOnlyRootFilesystem: boolean };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  livenessProbe?: Probe;
}

interface Probe {
  httpGet: { path: string; port: number };
  initialDelaySeconds: number;
  periodSeconds: number;
  failureThreshold: number;
  terminationGracePeriodSeconds: number;
}

type ContainerState =
  | { waiting: { reason: string; message?: string } }
  | { running: { startedAt: string } }
  | { terminated: { exitCode: number; reason: string; startedAt: string; finishedAt: string } };

const NODE = 'node-of-the-test';

/** Plays a node until it is closed. */
export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #running = new Map<string, RunningPod>();
  readonly #closing = new AbortController();
  #addresses = 10;
  /** A node that the cluster does not reach: it goes on by itself, and says nothing. */
  isCutOff = false;

  constructor(options: KubeletOptions) {
    this.#options = options;
    void this.#follow();
  }

  /** Names of Pods that have a process here. */
  get pods(): string[] {
    return [...this.#running.keys()];
  }

  pod(name: string): RunningPod | undefined {
    return this.#running.get(name);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const pod of this.#running.values()) await pod.end('SIGKILL', 0);
  }

  async #follow(): Promise<void> {
    const { cluster } = this.#options;
    while (!this.#closing.signal.aborted) {
      try {
        const events = cluster.watch<{ type: string; object: PodObject }>(
          '/api/v1/pods?watch=true',
          this.#closing.signal,
        );
        for await (const { type, object } of events) if (type !== 'DELETED') this.#see(object);
      } catch {
        await sleep(200);
      }
    }
  }

  #see(pod: PodObject): void {
    const { name } = pod.metadata;
    const known = this.#running.get(name);
    if (pod.metadata.deletionTimestamp) {
      if (!this.isCutOff) void this.#remove(pod, known).catch(report);
      return;
    }
    if (known || pod.status.phase !== 'Pending') return;
    const running = new RunningPod(pod, this.#options, () => this.isCutOff, `127.0.5.${this.#addresses++}`);
    this.#running.set(name, running);
    void running.run().catch(report);
  }

  async #remove({ metadata }: PodObject, known: RunningPod | undefined): Promise<void> {
    await known?.end('SIGTERM', metadata.deletionGracePeriodSeconds ?? 30);
    this.#running.delete(metadata.name);
    const options = { gracePeriodSeconds: 0, preconditions: { uid: metadata.uid } };
    const path = `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}`;
    await this.#options.cluster.call('DELETE', path, options).catch(unlessGone);
    known?.forget();
  }
}

class RunningPod {
  readonly #pod: PodObject;
  readonly #options: KubeletOptions;
  readonly #isCutOff: () => boolean;
  readonly #address: string;
  readonly #folder: string;
  readonly #containers = new Map<string, Container>();
  readonly #states = new Map<string, ContainerState>();
  #ending: Promise<void> | null = null;
  #verdict: { phase: string; reason: string; message: string } | null = null;

  constructor(pod: PodObject, options: KubeletOptions, isCutOff: () => boolean, address: string) {
    this.#pod = pod;
    this.#options = options;
    this.#isCutOff = isCutOff;
    this.#address = address;
    this.#folder = join(options.folder, 'pods', pod.metadata.uid);
  }

  async run(): Promise<void> {
    const { containers, activeDeadlineSeconds } = this.#pod.spec;
    const wanted = containers.reduce((sum, { resources }) => sum + bytesOf(resources.requests?.memory), 0);
    if (wanted > (this.#options.memoryBytes ?? Number.POSITIVE_INFINITY)) return this.#unschedulable();
    const path = `${this.#path}/binding`;
    const target = { apiVersion: 'v1', kind: 'Node', name: NODE };
    const { name } = this.#pod.metadata;
    await this.#options.cluster.call('POST', path, {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name },
      target,
    });
    this.#makeVolumes();
    for (const each of containers) this.#start(each);
    if (activeDeadlineSeconds)
      setTimeout(
        () =>
          void this.fail(
            'DeadlineExceeded',
            'Pod was active on the node longer than the specified deadline',
            30,
          ),
        activeDeadlineSeconds * 1000,
      ).unref();
    await this.#tell();
  }

  /** Ends all of it and says why, as for an eviction. */
  async fail(reason: string, message: string, graceSeconds = 0): Promise<void> {
    this.#verdict = { phase: 'Failed', reason, message };
    await this.end('SIGTERM', graceSeconds);
    await this.#tell();
  }

  /** Kills one container, as the kernel would. */
  kill(name: string): void {
    this.#containers.get(name)?.signal('SIGKILL');
  }

  /** SIGTERM to all of them, and SIGKILL after the grace. */
  end(signal: 'SIGTERM' | 'SIGKILL', graceSeconds: number): Promise<void> {
    const all = [...this.#containers.values()];
    if (signal === 'SIGTERM' && graceSeconds > 0) for (const each of all) each.signal('SIGTERM');
    this.#ending ??= (async () => {
      const gone = Promise.all(all.map(({ ended }) => ended));
      await Promise.race([gone, sleep(graceSeconds * 1000, undefined, { ref: false })]);
      for (const each of all) each.signal('SIGKILL');
      await gone;
    })();
    return this.#ending;
  }

  forget(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #path(): string {
    return `/api/v1/namespaces/${this.#pod.metadata.namespace}/pods/${this.#pod.metadata.name}`;
  }

  #makeVolumes(): void {
    const { volumes, securityContext } = this.#pod.spec;
    for (const { name } of volumes) {
      const path = join(this.#folder, 'volumes', name);
      mkdirSync(path, { recursive: true });
      chownSync(path, 0, securityContext.fsGroup);
      chmodSync(path, 0o2777);
    }
  }

  #start(spec: ContainerSpec): void {
    const image = this.#options.images[spec.image];
    if (!image) {
      const message = `failed to pull and unpack image "${spec.image}": not found`;
      this.#states.set(spec.name, { waiting: { reason: 'ErrImagePull', message } });
      // As after its first pause.
      setTimeout(() => {
        this.#states.set(spec.name, {
          waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image: ${message}` },
        });
        void this.#tell().catch(report);
      }, 300).unref();
      return;
    }
    const startedAt = new Date().toISOString();
    const folder = join(this.#folder, 'containers', spec.name);
    mkdirSync(folder, { recursive: true });
    const { fsGroup } = this.#pod.spec.securityContext;
    const container = runContainer(
      {
        name: `${this.#pod.metadata.name}-${spec.name}`,
        image,
        command: spec.command,
        env: this.#environmentOf(spec),
        user: spec.securityContext.runAsUser,
        groups: [spec.securityContext.runAsUser, fsGroup],
        cwd: spec.workingDir ?? '/',
        mounts: spec.volumeMounts.map(({ name, mountPath, readOnly = false }) => ({
          from: join(this.#folder, 'volumes', name),
          to: mountPath,
          readOnly,
        })),
        memoryBytes: bytesOf(spec.resources.limits?.memory) || null,
        log: join(this.#folder, `${spec.name}.log`),
      },
      folder,
    );
    this.#containers.set(spec.name, container);
    this.#states.set(spec.name, { running: { startedAt } });
    if (spec.livenessProbe) void this.#probe(container, spec.livenessProbe);
    void container.ended.then(({ exitCode, oomKilled }) => {
      const reason = oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
      const finishedAt = new Date().toISOString();
      this.#states.set(spec.name, { terminated: { exitCode, reason, startedAt, finishedAt } });
      void this.#tell().catch(report);
    });
  }

  #environmentOf({ env = [] }: ContainerSpec): Record<string, string> {
    return Object.fromEntries(env.map(({ name, value }) => [name, value ?? this.#address]));
  }

  async #probe(container: Container, probe: Probe): Promise<void> {
    let isOver = false;
    void container.ended.then(() => {
      isOver = true;
    });
    await sleep(probe.initialDelaySeconds * 1000, undefined, { ref: false });
    for (let failures = 0; !isOver; ) {
      failures = (await this.#isAlive(probe)) ? 0 : failures + 1;
      if (failures >= probe.failureThreshold) {
        container.signal('SIGTERM');
        await sleep(probe.terminationGracePeriodSeconds * 1000, undefined, { ref: false });
        container.signal('SIGKILL');
        return;
      }
      await sleep(probe.periodSeconds * 1000, undefined, { ref: false });
    }
  }

  #isAlive({ httpGet: { path, port } }: Probe): Promise<boolean> {
    return new Promise((resolve) => {
      const asked = request({ host: this.#address, port, path, timeout: 5000 }, (answer) => {
        answer.resume();
        resolve((answer.statusCode ?? 500) < 400);
      });
      asked.on('timeout', () => asked.destroy(new Error('no answer')));
      asked.on('error', () => resolve(false));
      asked.end();
    });
  }

  async #unschedulable(): Promise<void> {
    const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' };
    const message = '0/1 nodes are available: 1 Insufficient memory.';
    await this.#patch({ conditions: [{ ...condition, message }] });
  }

  async #tell(): Promise<void> {
    if (this.#isCutOff()) return;
    const states = [...this.#states.values()];
    const isOver = states.every((state) => 'terminated' in state);
    const isWell = states.every((state) => 'terminated' in state && state.terminated.exitCode === 0);
    const isWaiting = states.some((state) => 'waiting' in state);
    const phase = isOver ? (isWell ? 'Succeeded' : 'Failed') : isWaiting ? 'Pending' : 'Running';
    await this.#patch({
      phase,
      ...this.#verdict,
      podIP: this.#address,
      podIPs: [{ ip: this.#address }],
      containerStatuses: this.#pod.spec.containers.map(({ name, image }) => {
        const state = this.#states.get(name);
        return {
          name,
          image,
          imageID: '',
          ready: state !== undefined && 'running' in state,
          restartCount: 0,
          state,
        };
      }),
    });
  }

  async #patch(status: object): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await this.#options.cluster
      .call('PATCH', `${this.#path}/status`, { status }, { contentType })
      .catch(unlessGone);
  }
}

function bytesOf(quantity: string | undefined): number {
  const [, number = '0', unit = ''] = /^(\d+)([kMG]|[KMG]i)?$/.exec(quantity ?? '0') ?? [];
  return Number(number) * ({ k: 1e3, M: 1e6, G: 1e9, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 }[unit] ?? 1);
}

function unlessGone(error: unknown): void {
  if (!(error instanceof RefusedByCluster && [404, 409].includes(error.status))) throw error;
}

function report(error: unknown): void {
  process.stderr.write(`kubelet: ${String(error)}\n`);
}
