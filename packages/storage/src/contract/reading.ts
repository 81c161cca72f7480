import type { StreamRef } from '@spiderhub/core';
import {
  batchesOf,
  DELICATE,
  gunzipped,
  linesFrom,
  numbered,
  REF,
  recordsOf,
  type Scene,
} from './support.ts';

/** Readers get what came in, all of it or a range. */
export function readingTests(scene: Scene): void {
  describe('reading', () => {
    it('gives nothing for a stream that does not exist', async () => {
      expect(await batchesOf(scene.store, REF)).toEqual([]);
      expect(await scene.store.stats(REF)).toEqual({ end: 0, records: 0, bytes: 0, counts: {} });
      expect(await gunzipped(scene.store, REF)).toBe('');
    });

    it('gives back the bytes that came in, whatever they are', async () => {
      const lines = DELICATE.map((text) => Buffer.from(text));
      await scene.write(REF, lines);
      expect(await recordsOf(scene.store, REF)).toEqual(numbered(0, lines));
    });

    it('gives back bytes that are not UTF-8, and those of compressed records', async () => {
      const lines = [
        Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]),
        ...DELICATE.map((text) => Buffer.from(text)),
      ];
      const writer = await scene.store.openWriter(REF);
      for (let round = 0; round < 300; round += 1)
        writer.append([...lines, ...linesFrom(0, 10, 'x'.repeat(100))]);
      await writer.seal();
      expect(await recordsOf(scene.place.open(), REF, { to: lines.length })).toEqual(numbered(0, lines));
    });

    it('gives exactly the records of a range', async () => {
      const lines = linesFrom(0, 9000, 'y'.repeat(60));
      for (let at = 0; at < lines.length; at += 1500) await scene.write(REF, lines.slice(at, at + 1500));
      const all = numbered(0, lines);
      for (const [from, to] of [
        [0, 1],
        [1499, 1501],
        [2500, 2501],
        [0, 9000],
        [8999, 20_000],
        [4000, 8000],
        [9000, 9001],
      ] as const) {
        expect(await recordsOf(scene.store, REF, { from, to })).toEqual(all.slice(from, to));
      }
      expect(await recordsOf(scene.store, REF, { from: 8990 })).toEqual(all.slice(8990));
    });

    it('stops early without a trace when the reader leaves', async () => {
      for (let i = 0; i < 4; i += 1) await scene.write(REF, linesFrom(i * 1000, 1000, 'z'.repeat(500)));
      for await (const batch of scene.store.read(REF)) {
        expect(batch.first).toBe(0);
        break;
      }
      expect((await recordsOf(scene.store, REF)).length).toBe(4000);
    });

    it('gives a whole stream as one gzip stream that equals its lines', async () => {
      const lines = linesFrom(0, 5000, 'w'.repeat(200));
      for (let at = 0; at < lines.length; at += 700) await scene.write(REF, lines.slice(at, at + 700));
      expect(await gunzipped(scene.store, REF)).toBe(
        lines.map((line) => `${line.toString('latin1')}\n`).join(''),
      );
    });

    it('keeps streams, attempts and jobs apart', async () => {
      const others: StreamRef[] = [
        { ...REF, stream: 'logs' },
        { ...REF, attempt: 2 },
        { ...REF, key: { ...REF.key, job: 4 } },
      ];
      await scene.write(REF, [Buffer.from('{"mine":1}')]);
      for (const [i, other] of others.entries()) await scene.write(other, [Buffer.from(`{"other":${i}}`)]);
      expect(await recordsOf(scene.store, REF)).toEqual([[0, '{"mine":1}']]);
      for (const [i, other] of others.entries())
        expect(await recordsOf(scene.store, other)).toEqual([[0, `{"other":${i}}`]]);
    });

    it.each([-1, 1.5, Number.NaN])('refuses %p as part of a key', async (job) => {
      await expect(scene.store.stats({ ...REF, key: { ...REF.key, job } })).rejects.toThrow();
    });
  });
}
