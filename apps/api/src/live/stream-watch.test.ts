import { setMaxListeners } from 'node:events';
import type { RecordBatch, StreamRef } from '@spiderhub/core';
import { eventually } from '@spiderhub/testkit';
import { createStreamWatches, type StreamWatches, type Watch, type WatchForm } from './stream-watch.ts';

const REF: StreamRef = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'items' };
const never = new AbortController().signal;
setMaxListeners(0, never);

/** A stream that grows, and counts how often it is looked at. */
function growing() {
  const lines: string[] = [];
  const state = { looks: 0, reads: 0, fails: null as Error | null };
  const streams = {
    async mark() {
      state.looks += 1;
      if (state.fails) throw state.fails;
      return String(lines.length);
    },
    stats: async () => ({ end: lines.length, records: lines.length, counts: {}, bytes: 0 }),
    async *read(_ref: StreamRef, { from = 0 } = {}): AsyncGenerator<RecordBatch> {
      state.reads += 1;
      if (from < lines.length)
        yield { first: from, ts: 0, lines: lines.slice(from).map((line) => Buffer.from(line)) };
    },
  };
  return { lines, state, streams };
}

const opened: StreamWatches[] = [];
afterEach(() => {
  for (const watches of opened.splice(0)) watches.close();
});

function setUp(errors: unknown[] = []) {
  const { lines, state, streams } = growing();
  const watches = createStreamWatches(streams as never, (error) => errors.push(error));
  opened.push(watches);
  let encoded = 0;
  const form = (name = 'plain', more: Partial<WatchForm> = {}): WatchForm => ({
    name,
    encode(batch) {
      encoded += 1;
      return Buffer.from(`${batch.first}:${batch.lines.join('|')};`);
    },
    ...more,
  });
  return { lines, state, watches, form, encoded: () => encoded };
}

/** Once it has found what was there before. */
async function ready(watch: Watch): Promise<Watch> {
  await watch.changed(0, never);
  return watch;
}

it('begins where the stream ends, and gives what comes after that in one piece', async () => {
  const { lines, watches, form } = setUp();
  lines.push('a', 'b');
  const watch = await ready(watches.open(REF, form()));
  expect([watch.end(), watch.chunkAt(0), watch.chunkAt(2)]).toEqual([2, null, null]);
  const seen = watch.changes();
  lines.push('c', 'd');
  await watch.changed(seen, never);
  expect(watch.end()).toBe(4);
  expect(watch.chunkAt(2)).toEqual({ bytes: Buffer.from('2:c|d;'), to: 4 });
  expect(watch.chunkAt(3)).toBeNull();
});

it('looks once and encodes once for all who want the same, and apart for who wants another form', async () => {
  const { lines, state, watches, form, encoded } = setUp();
  const all = await Promise.all(Array.from({ length: 20 }, () => ready(watches.open(REF, form()))));
  const other = await ready(watches.open(REF, form('other')));
  const [seen, seenByOther] = [all[0]?.changes() as number, other.changes()];
  lines.push('a');
  await Promise.all([...all.map((watch) => watch.changed(seen, never)), other.changed(seenByOther, never)]);
  expect(state.reads).toBe(2);
  const pieces = all.map((watch) => watch.chunkAt(0)?.bytes);
  expect(pieces.every((bytes) => bytes === pieces[0])).toBe(true);
  expect(encoded()).toBe(1);
  other.chunkAt(0);
  expect(encoded()).toBe(2);
});

it('encodes nothing for who only wants to know how far it is', async () => {
  const { lines, watches, form, encoded } = setUp();
  const watch = await ready(watches.open(REF, form()));
  const seen = watch.changes();
  lines.push('a');
  await watch.changed(seen, never);
  expect([watch.end(), encoded()]).toEqual([1, 0]);
});

it('stops looking when the last one has left, however often one leaves', async () => {
  const { state, watches, form } = setUp();
  const [one, two] = [await ready(watches.open(REF, form())), await ready(watches.open(REF, form()))];
  one.leave();
  one.leave();
  const before = state.looks;
  await eventually(() => expect(state.looks).toBeGreaterThan(before));
  two.leave();
  await new Promise((resolve) => setImmediate(resolve));
  const after = state.looks;
  // Who comes then gets one that looks.
  await ready(watches.open(REF, form()));
  expect(state.looks).toBe(after + 1);
});

it('tells listeners in the same turn, until they leave', async () => {
  const { lines, watches, form } = setUp();
  const watch = await ready(watches.open(REF, form()));
  let told = 0;
  const leave = watch.onChange(() => {
    told += 1;
  });
  const seen = watch.changes();
  lines.push('a');
  await watch.changed(seen, never);
  expect(told).toBe(1);
  leave();
  lines.push('b');
  await watch.changed(watch.changes(), never);
  expect(told).toBe(1);
});

it('keeps what is newest for who is a little behind, and forgets what is too much', async () => {
  const { lines, watches, form } = setUp();
  const watch = await ready(watches.open(REF, form()));
  for (const text of ['a', 'b', 'c', 'd']) {
    const seen = watch.changes();
    lines.push(text.repeat(400_000));
    await watch.changed(seen, never);
  }
  expect([0, 1, 2, 3].map((from) => watch.chunkAt(from) !== null)).toEqual([false, false, true, true]);
});

it('is complete after one last look once nobody writes any more', async () => {
  const { lines, watches, form } = setUp();
  let end: () => void = () => {};
  const whenOver = () =>
    new Promise<void>((resolve) => {
      end = resolve;
    });
  const watch = await ready(watches.open(REF, form('plain', { whenOver })));
  expect(watch.isComplete()).toBe(false);
  lines.push('the last one');
  end();
  await eventually(() => expect(watch.isComplete()).toBe(true));
  expect(watch.chunkAt(0)?.bytes.toString()).toBe('0:the last one;');
});

it('goes on when a look fails, and says why', async () => {
  const errors: unknown[] = [];
  const { lines, state, watches, form } = setUp(errors);
  const watch = await ready(watches.open(REF, form()));
  state.fails = new Error('the disk is away');
  await eventually(() => expect(errors).toContain(state.fails));
  state.fails = null;
  const seen = watch.changes();
  lines.push('a');
  await watch.changed(seen, never);
  expect(watch.end()).toBe(1);
});

it('lets nobody wait when all of it closes', async () => {
  const { watches, form } = setUp();
  const watch = await ready(watches.open(REF, form()));
  const waiting = watch.changed(watch.changes(), never);
  watches.close();
  await waiting;
  await watch.changed(watch.changes(), never);
});
