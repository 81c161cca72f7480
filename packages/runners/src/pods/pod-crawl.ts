import { setTimeout as sleep } from 'node:timers/promises';
import type { MessageCounts, PipeMessage, RunningCrawl } from '@spiderhub/core';
import { monotonicMs } from '@spiderhub/platform';
import { droppedSummary, logMessage, readMessages } from '../pipe-messages.ts';
import { type AgentCheckpoint, type AgentClient, type AgentState, NotOurs } from './agent-client.ts';
import { statusOf } from './pod.ts';
import { endOf, LOST, type PodEnd } from './pod-end.ts';
import type { PodWatch } from './pod-watch.ts';

type Exit = Awaited<RunningCrawl['exited']>;

/** A crawl that nobody can reach has ended with its lease, and its node has had this long to see to it, ms. */
const AFTER_LEASE_MS = 60_000;
const RETRY_MS = 250;
const TRIES = 4;
/** So long the last lines of a crawl that has ended are asked for, ms. */
const LAST_LINES_MS = 60_000;
/** A crawl that is killed and does not end is removed with its Pod, ms. */
const DEAF_MS = 30_000;

/** An agent that can be reached, and how far a crawl had come when it was. */
export interface Reached {
  agent: AgentClient;
  state: Pick<AgentState, 'checkpoint' | 'stopReason'>;
}

export interface PodCrawlOptions {
  name: string;
  watch: Pick<PodWatch, 'until'>;
  maxItemBytes: number;
  /** Until when the crawl may live, on the monotonic clock, ms. */
  liveUntilMs: number;
  /** Brings the crawl to life, which may take minutes, until the signal. Rejects with what is to be said in its log. */
  begin(signal: AbortSignal): Promise<Reached>;
  /** Null until it began; of one that is taken over what is known of it. */
  reached: Reached | null;
  /** Removes the Pod, and what else there is of it. */
  remove(graceSeconds: number): Promise<void>;
  /** What the failure to begin means. */
  exitOf(error: unknown): { exit: Exit; words: string };
  log: ((message: string, details?: Record<string, unknown>) => void) | undefined;
}

/** One crawl in its Pod, as its agent and the API server tell of it. Nothing of it is kept by this process. */
export class PodCrawl implements RunningCrawl {
  readonly resumedAt: MessageCounts;
  readonly stoppedFor: string | null;
  readonly exited: Promise<Exit>;
  readonly #options: PodCrawlOptions;
  readonly #givenUp = new AbortController();
  #agent: Promise<AgentClient | null>;
  #given: AgentCheckpoint;
  #liveUntilMs: number;
  #hasEnded = false;
  #hasLostAgent = false;
  #isTaken = false;
  #take: (end: PodEnd) => void = () => {};
  /** Settles when another worker process has the crawl. */
  readonly #taken = new Promise<PodEnd>((resolve) => {
    this.#take = resolve;
  });
  #words: string | null = null;

  constructor(options: PodCrawlOptions) {
    const { reached } = options;
    const none = { ITM: 0, LOG: 0, REQ: 0, STA: 0, FIN: 0 };
    this.#options = options;
    this.#liveUntilMs = options.liveUntilMs;
    this.#given = reached?.state.checkpoint ?? {
      position: { file: 1, offset: 0 },
      dropped: 0,
      complete: false,
      counts: none,
    };
    this.resumedAt = this.#given.counts;
    this.stoppedFor = reached?.state.stopReason ?? null;
    const beginning = reached ? Promise.resolve(reached) : options.begin(this.#givenUp.signal);
    this.#agent = beginning.then(
      ({ agent }) => agent,
      () => null,
    );
    this.exited = beginning.then(
      ({ agent }) => this.#untilEnd(agent),
      (error: unknown) => this.#neverBegan(error),
    );
    this.exited.catch(() => {});
  }

  async *messages(): AsyncGenerator<PipeMessage[]> {
    const agent = await this.#agent;
    if (agent) yield* this.#fromAgent(agent);
    else await this.exited;
    if (this.#words !== null) yield [logMessage(40, this.#words)];
  }

  async checkpoint(counts: MessageCounts): Promise<void> {
    const agent = await this.#agent;
    if (agent) await this.#say(agent, 'checkpoint', { ...this.#given, counts });
  }

  async extend(untilMs: number): Promise<void> {
    this.#liveUntilMs = untilMs;
    if (this.#hasEnded) return;
    const agent = await this.#agent;
    if (agent && !this.#hasEnded) await this.#say(agent, 'extend', { ms: untilMs - monotonicMs() });
  }

  async stop(reason?: string): Promise<void> {
    this.#givenUp.abort('SIGTERM');
    const agent = await this.#agent;
    if (agent && !this.#hasEnded) await this.#say(agent, 'stop', reason === undefined ? {} : { reason });
  }

  async kill(reason?: string): Promise<void> {
    this.#givenUp.abort('SIGKILL');
    const agent = await this.#agent;
    if (!agent || this.#hasEnded) return;
    await this.#say(agent, 'kill', reason === undefined ? {} : { reason });
    const removeDeaf = () =>
      void (this.#hasEnded || this.#isTaken || this.#options.remove(1).catch(() => {}));
    setTimeout(removeDeaf, DEAF_MS).unref();
  }

  async cleanUp(): Promise<void> {
    const agent = await this.#agent;
    await agent?.post('over').catch((error: unknown) => {
      if (error instanceof NotOurs) this.#leave();
    });
    if (!this.#isTaken) await this.#options.remove(1);
  }

  async #untilEnd(agent: AgentClient): Promise<Exit> {
    const { watch, name, log } = this.#options;
    const done = new AbortController();
    const { exit, words } = await Promise.race([
      watch.until(name, endOf, done.signal),
      this.#unreachable(agent, done.signal),
      this.#taken,
    ]).finally(() => done.abort());
    const state = exit.shimDied ? null : await this.#tellEnd(agent, { exit, words });
    this.#hasEnded = true;
    if (state !== null) return { ...exit, deadlinePassed: state.deadlinePassed };
    this.#hasLostAgent = true;
    this.#words = words;
    log?.('a Pod got lost', { name, words });
    return exit.exceeded === 'disk' ? exit : LOST;
  }

  /** The agent hears how the crawl ended, and closes its spool. Null: it is gone, and with it what was said last. */
  async #tellEnd(agent: AgentClient, { exit, words }: PodEnd): Promise<AgentState | null> {
    const { watch, name, log } = this.#options;
    const { code, signal } = exit;
    const until = monotonicMs() + LAST_LINES_MS;
    for (;;) {
      try {
        await agent.post('ended', { code, signal, words });
        return await agent.state();
      } catch (error) {
        const isThere = await watch.until(name, (pod) => ({ agent: pod && statusOf(pod, 'agent')?.running }));
        if (!(error instanceof NotOurs) && isThere.agent && monotonicMs() < until) {
          await sleep(RETRY_MS);
          continue;
        }
        log?.('the agent of a crawl that has ended cannot be reached', { error, name });
        return null;
      }
    }
  }

  /** Settles when the lease of a crawl that cannot be reached is over for sure. */
  async #unreachable(agent: AgentClient, signal: AbortSignal): Promise<PodEnd> {
    while (!signal.aborted) {
      await sleep(AFTER_LEASE_MS / 4, undefined, { ref: false, signal }).catch(() => {});
      if (monotonicMs() < this.#liveUntilMs + AFTER_LEASE_MS) continue;
      const isThere = await agent.state().then(
        () => true,
        () => false,
      );
      if (!isThere) break;
    }
    return { exit: LOST, words: 'The crawl could not be reached for longer than its lease.' };
  }

  async #neverBegan(error: unknown): Promise<Exit> {
    this.#hasEnded = true;
    const signal = this.#givenUp.signal.aborted ? (this.#givenUp.signal.reason as string) : null;
    if (signal !== null) return { code: null, signal, deadlinePassed: false };
    // Somebody else's Pod of the same name is none of ours.
    if (error instanceof NotOurs) this.#leave();
    const { exit, words } = this.#options.exitOf(error);
    this.#words = words;
    return exit;
  }

  async *#fromAgent(agent: AgentClient): AsyncGenerator<PipeMessage[]> {
    let failingSince: number | null = null;
    while (!this.#given.complete) {
      const part = await agent.spool(this.#given.position).catch(() => null);
      if (part === null) {
        failingSince ??= monotonicMs();
        if (await this.#isLost()) return;
        if (this.#hasEnded && monotonicMs() - failingSince > LAST_LINES_MS)
          throw new Error('the last lines of a crawl cannot be read');
        await sleep(RETRY_MS);
        continue;
      }
      failingSince = null;
      const before = { dropped: this.#given.dropped, counts: this.#given.counts };
      const read = readMessages(part.lines, before, this.#options.maxItemBytes);
      this.#given = { position: part.next, dropped: read.dropped, counts: read.counts, complete: false };
      if (read.messages.length > 0) yield read.messages;
      if (!part.complete) continue;
      this.#given = { ...this.#given, complete: true };
      const summary = droppedSummary(this.#given.dropped);
      if (summary) yield [summary];
    }
  }

  /** Whether nothing can be read any more. */
  async #isLost(): Promise<boolean> {
    if (this.#hasEnded) await this.exited;
    return this.#hasLostAgent;
  }

  /** An order that is tried again: connections break. */
  async #say(agent: AgentClient, order: Parameters<AgentClient['post']>[0], body: object): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await agent.post(order, body);
      } catch (error) {
        if (error instanceof NotOurs) this.#leave();
        if (this.#isTaken || tries === TRIES) throw error;
        await sleep(RETRY_MS * tries);
      }
    }
  }

  #leave(): void {
    this.#isTaken = true;
    this.#take({ exit: LOST, words: null });
  }
}
