import { cp, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamRef } from '@spiderhub/core';
import { addRecord, emptyStats, TALLIES, toStreamStats } from '@spiderhub/core';
import fc from 'fast-check';
import { gunzipped, linesFrom, recordsOf } from '../contract/support.ts';
import { createFsStreamStore } from './stream-store.ts';

const REF: StreamRef = { key: { project: 1, spider: 2, job: 3 }, attempt: 1, stream: 'items' };
const SUB = '1/2/3/1';
/** Each run makes and mends a stream; the interesting ends of each range come first among them. */
const RUNS = 15;

/** File name to content: the directory of a stream at one moment. */
type Files = Record<string, Buffer>;

let place: string;
let made: number;

beforeEach(async () => {
  place = await mkdtemp(path.join(tmpdir(), 'crash-'));
  made = 0;
});
afterEach(() => rm(place, { recursive: true }));

function newRoot(): string {
  made += 1;
  return path.join(place, String(made));
}

async function filesOf(root: string): Promise<Files> {
  const dir = path.join(root, SUB);
  const names = await readdir(dir);
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(dir, name))] as const)),
  );
}

/** A root that holds just these files. */
async function rootWith(files: Files): Promise<string> {
  const root = newRoot();
  // A stream that is written and emptied makes the directories.
  await createFsStreamStore({ root }).write(REF, linesFrom(0, 1));
  for (const name of await readdir(path.join(root, SUB))) await rm(path.join(root, SUB, name));
  for (const [name, content] of Object.entries(files)) await writeFile(path.join(root, SUB, name), content);
  return root;
}

async function textsIn(root: string): Promise<string[]> {
  const records = await recordsOf(createFsStreamStore({ root }), REF);
  expect(records.map(([n]) => n)).toEqual(records.map((_, i) => i));
  return records.map(([, text]) => text);
}

/** Everything the store says about the stream agrees with its records. */
async function expectSound(root: string, texts: string[]): Promise<void> {
  expect(await textsIn(root)).toEqual(texts);
  const stats = emptyStats();
  for (const text of texts) addRecord(stats, TALLIES.items(Buffer.from(text, 'latin1')));
  const store = createFsStreamStore({ root });
  expect(await store.stats(REF)).toEqual(toStreamStats(stats, texts.length));
  expect(await gunzipped(store, REF)).toBe(texts.map((text) => `${text}\n`).join(''));
}

/** The next writer and the next batch go on as if nothing had happened, and leave no stray file. */
async function expectGoesOn(root: string, texts: string[]): Promise<void> {
  const writer = await createFsStreamStore({ root }).openWriter(REF);
  expect(writer.end).toBe(texts.length);
  writer.append([Buffer.from('{"next":1}')]);
  await writer.flush();
  await createFsStreamStore({ root }).write(REF, [Buffer.from('{"next":2}')]);
  await expectSound(root, [...texts, '{"next":1}', '{"next":2}']);
  await writer.seal();
  await expectSound(root, [...texts, '{"next":1}', '{"next":2}']);
  const kinds = (await readdir(path.join(root, SUB))).map((name) => name.replace(/-.*|\.jl$/, ''));
  expect(kinds).toEqual([...new Set(kinds)]);
}

function named(files: Files, pattern: RegExp): string {
  const name = Object.keys(files).find((each) => pattern.test(each));
  if (name === undefined) throw new Error(`no file like ${pattern} among ${Object.keys(files).join(' ')}`);
  return name;
}

/** Where a growing file may have been cut: anywhere between two sizes, the ends more often. */
function cutBetween(low: number, high: number): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(low, high), fc.integer({ min: low, max: high }));
}

/** A stream with compressed records and a tail. */
async function seeded(): Promise<{ root: string; texts: string[] }> {
  const root = newRoot();
  const store = createFsStreamStore({ root });
  const writer = await store.openWriter(REF);
  const lines = [...linesFrom(0, 900, 's'.repeat(700)), ...linesFrom(900, 50, 't'.repeat(300))];
  writer.append(lines.slice(0, 900));
  await writer.flush();
  writer.append(lines.slice(900));
  await writer.flush();
  return { root, texts: lines.map((line) => line.toString('latin1')) };
}

describe('a crash', () => {
  it('in the middle of a flush leaves whole records, each once', async () => {
    const { root, texts } = await seeded();
    const before = await filesOf(root);
    const writer = await createFsStreamStore({ root }).openWriter(REF);
    const added = linesFrom(950, 30, 'é');
    writer.append(added);
    await writer.flush();
    const after = await filesOf(root);
    const tail = named(after, /\.tail-/);
    const [low, high] = [before[tail]?.length ?? 0, after[tail]?.length ?? 0];
    await fc.assert(
      fc.asyncProperty(cutBetween(low, high), async (cut) => {
        const crashed = await rootWith({ ...after, [tail]: (after[tail] as Buffer).subarray(0, cut) });
        const found = await textsIn(crashed);
        const all = [...texts, ...added.map((line) => line.toString('latin1'))];
        expect(found).toEqual(all.slice(0, Math.max(texts.length, found.length)));
        await expectSound(crashed, found);
        await expectGoesOn(crashed, found);
      }),
      { numRuns: RUNS },
    );
  });

  it('in the middle of a batch leaves all of it or nothing, and sending it again stores it once', async () => {
    const { root, texts } = await seeded();
    const before = await filesOf(root);
    const added = linesFrom(950, 30, 'x');
    await createFsStreamStore({ root }).write(REF, added, 950);
    const after = await filesOf(root);
    const tail = named(after, /\.tail-/);
    const [low, high] = [before[tail]?.length ?? 0, after[tail]?.length ?? 0];
    const all = [...texts, ...added.map((line) => line.toString('latin1'))];
    await fc.assert(
      fc.asyncProperty(cutBetween(low, high), async (cut) => {
        const crashed = await rootWith({ ...after, [tail]: (after[tail] as Buffer).subarray(0, cut) });
        await expectSound(crashed, cut === high ? all : texts);
        await createFsStreamStore({ root: crashed }).write(REF, added, 950);
        await expectSound(crashed, all);
        await expectGoesOn(crashed, all);
      }),
      { numRuns: RUNS },
    );
  });

  it('at any step of compressing the tail changes nothing that is read', async () => {
    const { root, texts } = await seeded();
    const before = await filesOf(root);
    const writer = await createFsStreamStore({ root }).openWriter(REF);
    await writer.seal();
    const after = await filesOf(root);
    const [data, index] = [named(after, /\.data-/), named(after, /\.index/)];
    const [oldTail, newTail] = [named(before, /\.tail-/), named(after, /\.tail-/)];
    expect(newTail).not.toBe(oldTail);
    const part = (name: string, cut: number) => ({ [name]: (after[name] as Buffer).subarray(0, cut) });
    const size = (files: Files, name: string) => files[name]?.length ?? 0;
    const states = fc.oneof(
      cutBetween(size(before, data), size(after, data)).map(
        (cut): Files => ({ ...before, ...part(data, cut) }),
      ),
      cutBetween(0, size(after, newTail)).map(
        (cut): Files => ({ ...before, ...part(data, size(after, data)), ...part(newTail, cut) }),
      ),
      cutBetween(size(before, index), size(after, index)).map(
        (cut): Files => ({ ...after, ...part(index, cut), [oldTail]: before[oldTail] as Buffer }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(states, async (files) => {
        const crashed = await rootWith(files);
        await expectSound(crashed, texts);
        await expectGoesOn(crashed, texts);
      }),
      { numRuns: RUNS },
    );
  });

  it('at any step of overwriting leaves the old or the new records', async () => {
    const { root, texts } = await seeded();
    const before = await filesOf(root);
    const over = Array.from({ length: 100 }, (_, i) => Buffer.from(`{"over":${i}}`));
    await createFsStreamStore({ root }).write(REF, over, 870);
    const after = await filesOf(root);
    const replaced = [...texts.slice(0, 870), ...over.map(String)];
    await expectSound(root, replaced);
    const [data, index] = [named(after, /\.data-/), named(after, /\.index/)];
    const [oldTail, newTail] = [named(before, /\.tail-/), named(after, /\.tail-/)];
    const part = (name: string, cut: number) => ({ [name]: (after[name] as Buffer).subarray(0, cut) });
    const size = (name: string) => after[name]?.length ?? 0;
    const whole: Files = { ...before, [data]: after[data] as Buffer, [newTail]: after[newTail] as Buffer };
    const old = fc.oneof(
      cutBetween(before[data]?.length ?? 0, size(data)).map(
        (cut): Files => ({ ...before, ...part(data, cut) }),
      ),
      cutBetween(0, size(newTail)).map((cut): Files => ({ ...whole, ...part(newTail, cut) })),
      cutBetween(0, size(index)).map(
        (cut): Files => ({ ...whole, 'items.index.next': (after[index] as Buffer).subarray(0, cut) }),
      ),
    );
    const states = fc.oneof(
      old.map((files) => ({ files, expected: texts })),
      fc.constant({ files: { ...after, [oldTail]: before[oldTail] as Buffer }, expected: replaced }),
    );
    await fc.assert(
      fc.asyncProperty(states, async ({ files, expected }) => {
        const crashed = await rootWith(files);
        await expectSound(crashed, expected);
        await createFsStreamStore({ root: crashed }).write(REF, over, 870);
        await expectSound(crashed, replaced);
        await expectGoesOn(crashed, replaced);
      }),
      { numRuns: RUNS },
    );
  });

  it('with loss of power leaves the beginning of the stream when nothing was promised', async () => {
    const { root, texts } = await seeded();
    const files = await filesOf(root);
    const [data, tail] = [named(files, /\.data-/), named(files, /\.tail-/)];
    await fc.assert(
      fc.asyncProperty(cutBetween(0, files[data]?.length ?? 0), fc.boolean(), async (cut, isTailLost) => {
        const left = { ...files, [data]: (files[data] as Buffer).subarray(0, cut) };
        if (isTailLost) delete left[tail];
        const crashed = await rootWith(left);
        const found = await textsIn(crashed);
        expect(found).toEqual(texts.slice(0, found.length));
        await expectSound(crashed, found);
        await expectGoesOn(crashed, found);
      }),
      { numRuns: RUNS },
    );
  });

  it('between the first bytes of a stream is no obstacle', async () => {
    const root = newRoot();
    await createFsStreamStore({ root }).write(REF, linesFrom(0, 400, 'u'.repeat(800)));
    const index = named(await filesOf(root), /\.index/);
    const content = (await filesOf(root))[index] as Buffer;
    for (const cut of [0, 1, content.indexOf(0x0a), content.indexOf(0x0a) + 1, content.length - 1]) {
      const copy = newRoot();
      await cp(root, copy, { recursive: true });
      await truncate(path.join(copy, SUB, index), cut);
      const found = await textsIn(copy);
      await expectSound(copy, found);
      await expectGoesOn(copy, found);
    }
  });
});
