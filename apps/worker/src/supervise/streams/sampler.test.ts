import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamStore, StreamWriter } from '@spiderhub/core';
import { createLogger } from '@spiderhub/platform';
import { createFsStreamStore } from '@spiderhub/storage';
import { eventually } from '@spiderhub/testkit';
import { startSampler } from './sampler.ts';

const REF = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'samples' } as const;
const log = createLogger({ name: 'test', level: 'silent' });

let root: string;
let streams: StreamStore;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'samples-'));
  streams = createFsStreamStore({ root });
});
afterEach(() => rm(root, { recursive: true }));

async function samples(): Promise<unknown[]> {
  const read: unknown[] = [];
  for await (const { lines } of streams.read(REF))
    read.push(...lines.map((line) => JSON.parse(String(line))));
  return read;
}

it('tells how far a crawl has come while it runs, and at its end', async () => {
  const counts = { items: 1, pages: 2, logs: 3, errors: 4 };
  const recorder = { counts: () => counts, scrapyStats: null as string | null };
  let memory: number | null = 2048;
  const sampler = startSampler({
    streams,
    key: REF.key,
    attempt: REF.attempt,
    recorder,
    crawl: { memoryBytes: async () => memory },
    log,
    everyMs: 20,
    now: () => 7,
  });
  await eventually(async () => expect((await samples())[0]).toEqual([7, 2, 2, 1, 4, 2]));
  recorder.scrapyStats = '{"downloader/request_count": 9}';
  counts.items = 5;
  memory = null;
  await sampler.stop();
  const all = await samples();
  expect(all.at(-1)).toEqual([7, 9, 2, 5, 4, 2]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await samples()).toHaveLength(all.length);
});

it('ends no crawl when nothing can be stored', async () => {
  const sampler = startSampler({
    streams: { openWriter: () => Promise.reject(new Error('the disk is full')) },
    key: REF.key,
    attempt: REF.attempt,
    recorder: { counts: () => ({ items: 0, pages: 0, logs: 0, errors: 0 }), scrapyStats: null },
    crawl: {},
    log,
  });
  await expect(sampler.stop()).resolves.toBeUndefined();
});

it('measures a short crawl more than once', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
  try {
    let taken = 0;
    const flush = async () => {
      taken += 1;
    };
    const writer = { append() {}, flush, seal: async () => {} } as unknown as StreamWriter;
    const sampler = startSampler({
      streams: { openWriter: async () => writer },
      key: REF.key,
      attempt: REF.attempt,
      recorder: { counts: () => ({ items: 0, pages: 0, logs: 0, errors: 0 }), scrapyStats: null },
      crawl: {},
      log,
    });
    const after: number[] = [];
    for (const ms of [1000, 2000, 4000, 8000, 10_000]) {
      await jest.advanceTimersByTimeAsync(ms);
      after.push(taken);
    }
    expect(after).toEqual([1, 2, 3, 4, 5]);
    await sampler.stop();
    expect(taken).toBe(6);
  } finally {
    jest.useRealTimers();
  }
});
