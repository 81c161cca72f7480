import type { JobKey, RunningCrawl, StreamStore, StreamWriter } from '@spiderhub/core';
import type { Logger } from '@spiderhub/platform';
import type { Recorder } from './recorder.ts';

const EVERY_MS = 10_000;
/** The first sample comes so soon and the next ones at growing distances: short crawls have charts, too. */
const FIRST_MS = 1000;

export interface SamplerOptions {
  streams: Pick<StreamStore, 'openWriter'>;
  key: JobKey;
  attempt: number;
  recorder: Pick<Recorder, 'counts' | 'scrapyStats'>;
  crawl: Pick<RunningCrawl, 'memoryBytes'>;
  log: Logger;
  everyMs?: number;
  now?: () => number;
}

export interface Sampler {
  /** Writes the last sample. */
  stop(): Promise<void>;
}

/**
 * Writes how far a crawl has come into the samples of its job, after 1, 3 and 7 seconds, then every ten, and at its end:
 * `[ms since 1970, requests, pages, items, errors, memory in kB]`. Nobody's crawl fails because of it.
 */
export function startSampler(options: SamplerOptions): Sampler {
  const { streams, key, attempt, recorder, crawl, log, everyMs = EVERY_MS, now = Date.now } = options;
  let writer: StreamWriter | null = null;
  let memoryBytes = 0;
  let busy: Promise<void> = Promise.resolve();

  async function sample(): Promise<void> {
    writer ??= await streams.openWriter({ key, attempt, stream: 'samples' });
    // What has ended has no memory any more: the last that was seen is more than nothing.
    memoryBytes = (await crawl.memoryBytes?.()) ?? memoryBytes;
    const { pages, items, errors } = recorder.counts();
    const requests = requestsIn(recorder.scrapyStats) ?? pages;
    const line = JSON.stringify([now(), requests, pages, items, errors, Math.round(memoryBytes / 1024)]);
    writer.append([Buffer.from(line)]);
    await writer.flush();
  }

  function quietly(work: () => Promise<void>): Promise<void> {
    busy = busy.then(work).catch((error: unknown) => log.debug({ err: error }, 'no sample was taken'));
    return busy;
  }

  function wait(ms: number): void {
    timer = setTimeout(() => {
      void quietly(sample);
      wait(Math.min(everyMs, 2 * ms));
    }, ms);
  }

  let timer: ReturnType<typeof setTimeout>;
  wait(Math.min(everyMs, FIRST_MS));
  return {
    async stop() {
      clearTimeout(timer);
      await quietly(sample);
      await quietly(async () => writer?.seal());
    },
  };
}

/** What Scrapy says of itself; null before it said anything. */
function requestsIn(stats: string | null): number | null {
  if (stats === null) return null;
  const count: unknown = (JSON.parse(stats) as Record<string, unknown>)['downloader/request_count'];
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= 0 ? count : null;
}
