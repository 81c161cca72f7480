import {
  DomainError,
  type MessageCounts,
  type PipeCommand,
  type PipeMessage,
  type StreamRef,
  type StreamWriter,
} from '@spiderhub/core';
import { Recorder, type RecorderOptions } from './recorder.ts';

const NOTHING: MessageCounts = { ITM: 0, LOG: 0, REQ: 0, STA: 0, FIN: 0 };
const LOGS_OF_LEVEL_40 = '{"time":1,"level":40,"message":"x"}';

/** A stream in memory; `flush` moves what was appended to where readers are. */
class FakeWriter implements StreamWriter {
  readonly readable: string[];
  readonly #pending: string[] = [];
  isSealed = false;
  /** What flushes throw. */
  fault: Error | null = null;

  constructor(stored: string[] = []) {
    this.readable = [...stored];
  }

  get end() {
    return this.readable.length + this.#pending.length;
  }

  get stats() {
    const records = this.end;
    return { end: records, records, bytes: records, counts: { 40: records } };
  }

  append(lines: Buffer[]) {
    this.#pending.push(...lines.map(String));
  }

  async flush() {
    if (this.fault) throw this.fault;
    this.readable.push(...this.#pending.splice(0));
  }

  async seal() {
    await this.flush();
    this.isSealed = true;
  }
}

async function setUp(stored: Partial<Record<string, string[]>> = {}, more: Partial<RecorderOptions> = {}) {
  const writers: Record<string, FakeWriter> = {};
  const checkpoints: MessageCounts[] = [];
  const recorder = await Recorder.open({
    streams: {
      openWriter: async ({ stream }: StreamRef) => {
        writers[stream] = new FakeWriter(stored[stream]);
        return writers[stream];
      },
    },
    key: { project: 1, spider: 1, job: 1 },
    attempt: 1,
    resumedAt: NOTHING,
    checkpoint: async (counts) => void checkpoints.push(counts),
    ...more,
  });
  const readable = (stream: string) => writers[stream]?.readable;
  return { recorder, writers, checkpoints, readable };
}

function said(...lines: [PipeCommand, string][]): PipeMessage[] {
  return lines.map(([command, payload]) => ({ command, payload: Buffer.from(payload) }));
}

/** Lets promises that are due settle. */
const settle = () => jest.advanceTimersByTimeAsync(0);

describe('a recorder', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('makes the first message of each stream readable at once, and later ones within half a second', async () => {
    const { recorder, readable } = await setUp();
    await recorder.take(said(['LOG', '"a"']));
    await settle();
    expect(readable('logs')).toEqual(['"a"']);
    await recorder.take(said(['LOG', '"b"']));
    await settle();
    expect(readable('logs')).toEqual(['"a"']);
    await recorder.take(said(['ITM', '"first item"']));
    await settle();
    expect(readable('items')).toEqual(['"first item"']);
    await recorder.take(said(['LOG', '"c"']));
    await jest.advanceTimersByTimeAsync(500);
    expect(readable('logs')).toEqual(['"a"', '"b"', '"c"']);
  });

  it('does not wait for the clock when much has gathered', async () => {
    const { recorder, readable } = await setUp({ items: ['"0"'] }, { resumedAt: { ...NOTHING, ITM: 1 } });
    await recorder.take(said(['ITM', `"${'x'.repeat(1 << 20)}"`], ['ITM', '"y"']));
    expect(readable('items')).toHaveLength(3);
    await recorder.seal();
  });

  it('skips what an earlier worker stored, by number, and only that', async () => {
    const { recorder, readable } = await setUp({ items: ['"0"', '"1"', '"2"'], logs: ['"0"'] });
    await recorder.take(said(['ITM', '"0"'], ['ITM', '"1"'], ['LOG', '"0"'], ['ITM', '"2"'], ['ITM', '"3"']));
    await recorder.seal();
    expect([readable('items'), readable('logs')]).toEqual([['"0"', '"1"', '"2"', '"3"'], ['"0"']]);
  });

  it('reads on behind a checkpoint', async () => {
    const { recorder, readable } = await setUp(
      { items: ['"0"', '"1"'] },
      { resumedAt: { ...NOTHING, ITM: 1 } },
    );
    await recorder.take(said(['ITM', '"1"'], ['ITM', '"2"']));
    await recorder.seal();
    expect(readable('items')).toEqual(['"0"', '"1"', '"2"']);
  });

  it('tells the spool every five seconds what is stored, until FIN came', async () => {
    const { recorder, checkpoints, readable } = await setUp();
    await recorder.take(said(['ITM', '"0"']));
    expect(checkpoints).toEqual([]);
    await jest.advanceTimersByTimeAsync(5000);
    await recorder.take(said(['ITM', '"1"'], ['LOG', '"0"']));
    expect(checkpoints).toEqual([{ ...NOTHING, ITM: 2, LOG: 1 }]);
    expect(readable('items')).toEqual(['"0"', '"1"']);
    await jest.advanceTimersByTimeAsync(5000);
    await recorder.take(said(['FIN', '{"outcome":"finished"}']));
    expect(checkpoints).toHaveLength(1);
    await recorder.seal();
  });

  it('refuses more after a failed flush, tells the spool nothing, and says why when it is sealed', async () => {
    const { recorder, writers, checkpoints } = await setUp();
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    if (writers.logs) writers.logs.fault = full;
    await jest.advanceTimersByTimeAsync(5000);
    await recorder.take(said(['LOG', '"a"']));
    expect(checkpoints).toEqual([]);
    await expect(recorder.take(said(['LOG', '"b"']))).rejects.toBe(full);
    expect(recorder.stored()).toMatchObject({ logs: 0 });
    await expect(recorder.seal()).rejects.toBe(full);
    expect(writers.logs?.isSealed).toBe(false);
  });

  it('waits for a storage that is away, takes nothing more meanwhile, and loses nothing', async () => {
    const { recorder, writers, checkpoints, readable } = await setUp();
    const { items } = writers as { items: FakeWriter };
    items.fault = new DomainError('unavailable', 'away', 'the database is not available');
    await recorder.take(said(['ITM', '"0"']));
    await settle();
    let isTaken = false;
    const taking = recorder.take(said(['ITM', '"1"'])).then(() => {
      isTaken = true;
    });
    await jest.advanceTimersByTimeAsync(6000);
    expect([isTaken, readable('items'), checkpoints]).toEqual([false, [], []]);
    expect(recorder.stored()).toMatchObject({ items: 0 });
    items.fault = null;
    await taking;
    await recorder.seal();
    expect(readable('items')).toEqual(['"0"', '"1"']);
  });

  it.each(['leaves', 'gives up'])('waits no longer when it %s', async (how) => {
    const giving = new AbortController();
    const { recorder, writers } = await setUp({}, { giveUp: giving.signal });
    const away = new DomainError('unavailable', 'away', 'the database is not available');
    if (writers.logs) writers.logs.fault = away;
    await recorder.take(said(['LOG', '"a"']));
    await settle();
    if (how === 'leaves') await recorder.leave();
    else giving.abort();
    await expect(recorder.seal()).rejects.toBe(away);
  });

  it('stores what it has and takes nothing more when it leaves', async () => {
    const { recorder, readable } = await setUp({ logs: ['"0"'] });
    await recorder.take(said(['LOG', '"0"'], ['LOG', '"1"']));
    await recorder.leave();
    await recorder.take(said(['LOG', '"2"']));
    await jest.advanceTimersByTimeAsync(10_000);
    expect(readable('logs')).toEqual(['"0"', '"1"']);
  });

  it('counts what is in the streams, and errors by their level', async () => {
    const { recorder } = await setUp();
    await recorder.take(said(['ITM', '{}'], ['ITM', '{}'], ['LOG', LOGS_OF_LEVEL_40], ['REQ', '{}']));
    expect(recorder.counts()).toEqual({ items: 2, pages: 1, logs: 1, errors: 1 });
    // Nothing can be read yet: whoever loses this process finds no more than that.
    expect(recorder.stored()).toEqual({ items: 0, pages: 0, logs: 0, errors: 0 });
    await settle();
    expect(recorder.stored()).toEqual(recorder.counts());
    expect(recorder.bytes).toBe(6 + LOGS_OF_LEVEL_40.length);
    await recorder.seal();
  });

  it('keeps the first outcome and the newest stats, and takes hostile ones for none', async () => {
    const told: string[] = [];
    const { recorder } = await setUp({}, { onStats: (stats) => told.push(stats) });
    await recorder.take(
      said(
        ['FIN', '{"outcome":5}'],
        ['FIN', '{"outcome":"a\\u0000b"}'],
        ['FIN', '{"outcome":"late"}'],
        ['STA', '{"stats":{"n":1}}'],
        ['STA', '{"stats":NaN}'],
        ['STA', '{"stats":"text"}'],
      ),
    );
    expect([recorder.finOutcome, recorder.scrapyStats, told]).toEqual(['ab', '{"n":1}', ['{"n":1}']]);
  });
});
