import { gunzipSync } from 'node:zlib';
import type { ReadRange, RecordBatch, StreamRef, StreamStore } from '@spiderhub/core';

/** A place for streams or blobs that several store objects, as if of several processes, share. */
export interface Place<T> {
  /** Another store over the same content, with nothing in common but that content. */
  open(): T;
  close(): Promise<void>;
}

export const REF: StreamRef = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'items' };

/** Texts that a parser would change. */
export const DELICATE = [
  '{"a":NaN,"b":-Infinity,"c":9007199254740993,"d":1.0,"e":1e400}',
  '{"lone":"\\ud800","pair":"\\ud83d\\ude00","raw":"żółw 🐢","sep":"\u2028"}',
  '{"x":1,"x":2}',
  '{"__proto__":{"polluted":true},"constructor":1}',
  '{ "spaced" : [ 1 , 2 ] }',
  '[1476803148638,1,2,3]',
  '#1700000000000 0 5 100',
  '#{"records":9}',
  '',
  '"\\u0000"',
];

export function linesFrom(first: number, count: number, pad = ''): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(`{"n":${first + i},"pad":"${pad}"}`));
}

export async function batchesOf(
  store: StreamStore,
  ref: StreamRef,
  range?: ReadRange,
): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of store.read(ref, range)) batches.push(batch);
  return batches;
}

/** Number and text of each record in the order in which they are read. */
export async function recordsOf(
  store: StreamStore,
  ref: StreamRef,
  range?: ReadRange,
): Promise<[number, string][]> {
  const batches = await batchesOf(store, ref, range);
  return batches.flatMap(({ first, lines }) =>
    lines.map((line, i): [number, string] => [first + i, line.toString('latin1')]),
  );
}

export async function gunzipped(store: StreamStore, ref: StreamRef): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of store.readGzip(ref)) chunks.push(chunk);
  return gunzipSync(Buffer.concat(chunks)).toString('latin1');
}

export function numbered(first: number, lines: readonly Buffer[]): [number, string][] {
  return lines.map((line, i) => [first + i, line.toString('latin1')]);
}

/** What the tests play on: a new place for each of them, and a store that is open there. */
export class Scene {
  readonly #make: () => Promise<Place<StreamStore>>;
  #open: { place: Place<StreamStore>; store: StreamStore } | null = null;

  constructor(make: () => Promise<Place<StreamStore>>) {
    this.#make = make;
  }

  async begin(): Promise<void> {
    const place = await this.#make();
    this.#open = { place, store: place.open() };
  }

  async end(): Promise<void> {
    await this.place.close();
    this.#open = null;
  }

  get place(): Place<StreamStore> {
    return this.#opened().place;
  }

  get store(): StreamStore {
    return this.#opened().store;
  }

  async write(ref: StreamRef, lines: Buffer[], start?: number): Promise<void> {
    await this.store.write(ref, lines, start);
  }

  #opened() {
    if (!this.#open) throw new Error('the scene has not begun');
    return this.#open;
  }
}
