import { linesFrom, numbered, REF, recordsOf, type Scene } from './support.ts';

/** Batches with a start replace what stands there, and may leave gaps. */
export function overwritesTests(scene: Scene): void {
  describe('batches with a start', () => {
    it.each([
      ['small', ''],
      ['large', 'd'.repeat(900)],
    ])('overwrite exactly their records (%s records)', async (_name, pad) => {
      await scene.write(REF, linesFrom(0, 2000, pad), 0);
      await scene.write(REF, linesFrom(2000, 10, pad));
      const expected = numbered(0, linesFrom(0, 2010, pad));
      for (const [start, count] of [
        [0, 1],
        [700, 600],
        [1999, 3],
        [2005, 20],
        [2020, 5],
      ] as const) {
        const lines = Array.from({ length: count }, (_, i) => Buffer.from(`{"over":${start + i}}`));
        await scene.write(REF, lines, start);
        expected.splice(start, count, ...numbered(start, lines));
      }
      expect(await recordsOf(scene.store, REF)).toEqual(expected);
      expect(await recordsOf(scene.place.open(), REF, { from: 690, to: 1310 })).toEqual(
        expected.slice(690, 1310),
      );
      expect(await scene.store.stats(REF)).toMatchObject({
        end: 2025,
        records: 2025,
        counts: { over: 624, n: 1401 },
      });
    });

    it('may leave a gap and fill it later', async () => {
      await scene.write(REF, linesFrom(0, 2, 'e'.repeat(200_000)), 0);
      await scene.write(REF, linesFrom(10, 2, 'e'.repeat(200_000)), 10);
      await scene.write(REF, linesFrom(20, 2), 20);
      expect((await recordsOf(scene.store, REF)).map(([n]) => n)).toEqual([0, 1, 10, 11, 20, 21]);
      expect(await scene.store.stats(REF)).toMatchObject({ end: 22, records: 6 });
      expect((await recordsOf(scene.store, REF, { from: 3, to: 11 })).map(([n]) => n)).toEqual([10]);
      await scene.write(REF, linesFrom(4, 3), 4);
      await scene.write(REF, linesFrom(15, 2), 15);
      await scene.write(REF, linesFrom(17, 3), 17);
      expect((await recordsOf(scene.store, REF)).map(([n]) => n)).toEqual([
        0, 1, 4, 5, 6, 10, 11, 15, 16, 17, 18, 19, 20, 21,
      ]);
      expect((await scene.store.stats(REF)).records).toBe(14);
    });

    it('that overwrite never show readers a mixture', async () => {
      const versions = ['0', '1'].map((v) =>
        Array.from({ length: 800 }, (_, i) => Buffer.from(`{"v":${v},"i":${i},"pad":"${'p'.repeat(900)}"}`)),
      );
      await scene.write(REF, versions[0] as Buffer[], 0);
      let isDone = false;
      const writing = (async () => {
        for (let round = 1; round <= 12; round += 1)
          await scene.write(REF, versions[round % 2] as Buffer[], 0);
      })().finally(() => {
        isDone = true;
      });
      while (!isDone) {
        const texts = (await recordsOf(scene.place.open(), REF)).map(([, text]) => text.slice(0, 6));
        expect(texts).toHaveLength(800);
        expect(new Set(texts).size).toBe(1);
      }
      await writing;
    });
  });
}
