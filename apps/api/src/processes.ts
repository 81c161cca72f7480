import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Logger, Service } from '@spiderhub/platform';

/** What a process of the API says to its parent when it listens. */
interface Ready {
  ready: true;
  url: string;
}

/** What the parent says to each: whether all of them listen. */
interface Siblings {
  allListen: boolean;
}

/** A process that dies again and again is not to take the machine's whole time. */
const RESTART_MS = 500;

export interface ProcessesOptions {
  count: number;
  log: Logger;
}

/**
 * The API as several processes that listen on the same ports: this one takes the connections and hands them out in turn
 * (Node's cluster), and starts a process anew that died.
 */
export class Processes implements Service {
  readonly name = 'processes';
  readonly #count: number;
  readonly #log: Logger;
  readonly #ready = new Set<Worker>();
  #hasStarted = false;
  #isStopping = false;
  #url = '';

  constructor({ count, log }: ProcessesOptions) {
    this.#count = count;
    this.#log = log;
  }

  /** Returns when all listen. Rejects when one ends before that. */
  async start(): Promise<void> {
    cluster.on('exit', (worker, code, signal) => this.#replace(worker, signal ?? code));
    await Promise.all(Array.from({ length: this.#count }, () => this.#startOne()));
    this.#hasStarted = true;
  }

  /** Each stops politely within its own grace; what is left at the deadline is killed. */
  async stop(deadline: AbortSignal): Promise<void> {
    this.#isStopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const kill = () => {
      for (const { process } of workers) process.kill('SIGKILL');
    };
    deadline.addEventListener('abort', kill, { once: true });
    await Promise.all(
      workers.map(async ({ process }) => {
        const gone = once(process, 'exit');
        if (process.kill('SIGTERM')) await gone;
      }),
    );
    deadline.removeEventListener('abort', kill);
  }

  url(): string {
    return this.#url;
  }

  async #startOne(): Promise<void> {
    const worker = cluster.fork();
    const gone = once(worker, 'exit').then(() => null);
    const message = (await Promise.race([once(worker, 'message'), gone]))?.[0] as Ready | undefined;
    if (!message) throw new Error('a process of the API ended before it was ready');
    this.#url = message.url;
    this.#ready.add(worker);
    this.#tellAll();
  }

  #replace(worker: Worker, how: number | string): void {
    const wasReady = this.#ready.delete(worker);
    // What never listened at the start is a wrong configuration, which another try does not mend.
    if (this.#isStopping || (!this.#hasStarted && !wasReady)) return;
    this.#log.error(
      { pid: worker.process.pid, how },
      'a process of the API died, another one takes its place',
    );
    this.#tellAll();
    setTimeout(() => {
      // One that dies early is replaced like any other.
      if (!this.#isStopping) this.#startOne().catch(() => {});
    }, RESTART_MS);
  }

  #tellAll(): void {
    const siblings: Siblings = { allListen: this.#ready.size === this.#count };
    for (const worker of this.#ready) if (worker.isConnected()) worker.send(siblings);
  }
}

/** In a process of several: whether all of them listen. In the only one: always. */
export function watchSiblings(): () => boolean {
  if (!cluster.isWorker) return () => true;
  let allListen = false;
  process.on('message', (message: Siblings) => {
    allListen = message.allListen;
  });
  return () => allListen;
}
