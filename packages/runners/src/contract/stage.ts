import type { CrawlRequest, CrawlRunner, RunningCrawl, Version } from '@spiderhub/core';
import { type Listener, listen, PROBE_PROJECT } from './support.ts';

export interface RunnerUnderTest {
  /** The runner of a worker; each call gives that of another worker process on the same machine. */
  worker(options?: { maxSpoolBytes?: number }): CrawlRunner;
  /** Makes a project ready to run. */
  deploy(projectDir: string, settingsModule: string): Promise<Version>;
  /** A requirements.txt with a package `tinydep` that the base does not have. */
  requirements(): Promise<string>;
  /** What an attempt has on disk that was not stored yet, bytes. */
  spooledBytes(attempt: { id: number; attempt: number }): number;
  /** Throws when an attempt has left anything behind. */
  close(): Promise<void>;
}

/** What the tests of a runner play on: one worker, and whatever they have started there. */
export class Stage {
  readonly #make: () => Promise<RunnerUnderTest>;
  #set: { house: RunnerUnderTest; worker: CrawlRunner; probe: Version } | null = null;
  readonly #crawls: RunningCrawl[] = [];
  readonly #listeners: Listener[] = [];

  constructor(make: () => Promise<RunnerUnderTest>) {
    this.#make = make;
  }

  /** Before the tests; only then all the rest is there. */
  async open(): Promise<void> {
    const house = await this.#make();
    const probe = await house.deploy(PROBE_PROJECT, 'probe.settings');
    this.#set = { house, worker: house.worker(), probe };
  }

  get house(): RunnerUnderTest {
    return this.#opened().house;
  }

  /** The project of probe spiders. */
  get probe(): Version {
    return this.#opened().probe;
  }

  async start(request: CrawlRequest): Promise<RunningCrawl> {
    return this.keep(await this.#opened().worker.start(request));
  }

  /** Ends a crawl after the test, whatever becomes of it. */
  keep(crawl: RunningCrawl): RunningCrawl {
    this.#crawls.push(crawl);
    return crawl;
  }

  hear(crawl: RunningCrawl): Listener {
    const listener = listen(crawl);
    this.#listeners.push(listener);
    return listener;
  }

  async clear(): Promise<void> {
    for (const crawl of this.#crawls.splice(0)) {
      await crawl.kill();
      await crawl.exited;
      await crawl.cleanUp();
    }
    // Last: a listener that still waits for a message can only be closed once its crawl has ended.
    for (const listener of this.#listeners.splice(0)) await listener.close();
  }
  #opened() {
    if (!this.#set) throw new Error('the stage is not open');
    return this.#set;
  }
}
