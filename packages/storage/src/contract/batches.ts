import type { StreamStore } from '@spiderhub/core';
import { batchesOf, linesFrom, numbered, REF, recordsOf, type Scene } from './support.ts';

/** Batches from clients arrive once, whole and in an order. */
export function batchesTests(scene: Scene): void {
  describe('batches', () => {
    it('have one arrival time each, and all different, also from several stores', async () => {
      const stores = [scene.store, scene.place.open()];
      for (let i = 0; i < 12; i += 1) await (stores[i % 2] as StreamStore).write(REF, linesFrom(i * 2, 2));
      const times = (await batchesOf(scene.store, REF)).map(({ ts }) => ts);
      expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
      expect(times).toHaveLength(12);
    });

    it('go to the end without a start, and tell where that was', async () => {
      expect(await scene.store.write(REF, linesFrom(0, 2))).toEqual({ first: 0 });
      expect(await scene.place.open().write(REF, linesFrom(2, 2))).toEqual({ first: 2 });
      expect(await scene.store.write(REF, [])).toEqual({ first: 4 });
    });

    it.each([
      ['small', ''],
      ['large', 'c'.repeat(900)],
    ])('that are repeated are stored once (%s records)', async (_name, pad) => {
      for (const start of [0, 500, 500, 0, 1000, 500, 1000])
        await scene.write(REF, linesFrom(start, 500, pad), start);
      expect(await recordsOf(scene.store, REF)).toEqual(numbered(0, linesFrom(0, 1500, pad)));
      expect(await scene.store.stats(REF)).toMatchObject({ end: 1500, records: 1500, counts: { n: 1500 } });
    });

    it('from many callers at once all arrive, each as it was', async () => {
      const stores = [scene.store, scene.place.open(), scene.place.open()];
      const writes = Array.from({ length: 30 }, (_, i) =>
        (stores[i % 3] as StreamStore).write(
          REF,
          Array.from({ length: 20 }, (_, k) => Buffer.from(`{"b":${i},"k":${k}}`)),
        ),
      );
      const firsts = (await Promise.all(writes)).map(({ first }) => first);
      const records = await recordsOf(scene.store, REF);
      expect(records.map(([n]) => n)).toEqual(Array.from({ length: 600 }, (_, n) => n));
      for (const [i, first] of firsts.entries()) {
        expect(records.slice(first, first + 20).map(([, text]) => text)).toEqual(
          Array.from({ length: 20 }, (_, k) => `{"b":${i},"k":${k}}`),
        );
      }
    });

    it('may hold records of 1 MiB', async () => {
      const lines = linesFrom(0, 8, 'f'.repeat(1024 * 1024 - 30));
      await scene.write(REF, lines, 0);
      expect(await recordsOf(scene.store, REF, { from: 5, to: 6 })).toEqual(numbered(5, lines.slice(5, 6)));
      expect((await recordsOf(scene.store, REF)).length).toBe(8);
    });

    it.each([-1, 0.5, Number.NaN, 2 ** 53])('refuse %p as a start', async (start) => {
      await expect(scene.store.write(REF, linesFrom(0, 1), start)).rejects.toMatchObject({ kind: 'invalid' });
    });
  });
}
