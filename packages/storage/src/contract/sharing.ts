import { gunzipped, linesFrom, numbered, REF, recordsOf, type Scene } from './support.ts';

/** A crawl's stream has other writers, successors and readers meanwhile. */
export function sharingTests(scene: Scene): void {
  describe('the writer of a crawl beside others', () => {
    it('shows what was flushed to other processes at once, and nothing before', async () => {
      const other = scene.place.open();
      const writer = await scene.store.openWriter(REF);
      writer.append(linesFrom(0, 3));
      expect(await recordsOf(other, REF)).toEqual([]);
      await writer.flush();
      expect(await recordsOf(other, REF)).toEqual(numbered(0, linesFrom(0, 3)));
      expect((await other.stats(REF)).end).toBe(3);
    });

    it('continues where the last writer stopped, flushed or sealed, with its stats', async () => {
      const first = await scene.store.openWriter(REF);
      first.append(linesFrom(0, 2000, 'a'.repeat(300)));
      await first.flush();
      const second = await scene.place.open().openWriter(REF);
      expect(second.end).toBe(2000);
      expect(second.stats).toEqual(first.stats);
      second.append(linesFrom(2000, 10));
      await second.seal();
      const third = await scene.place.open().openWriter(REF);
      expect(third.end).toBe(2010);
      third.append(linesFrom(2010, 1));
      await third.seal();
      expect(await recordsOf(scene.store, REF, { from: 1999 })).toEqual(
        numbered(1999, [...linesFrom(1999, 1, 'a'.repeat(300)), ...linesFrom(2000, 11)]),
      );
      expect((await scene.store.stats(REF)).records).toBe(2011);
    });

    it('shares the stream with batches from elsewhere', async () => {
      const writer = await scene.store.openWriter(REF);
      writer.append([Buffer.from('{"crawl":1}')]);
      await writer.flush();
      await scene.place.open().write(REF, [Buffer.from('{"client":1}')]);
      writer.append([Buffer.from('{"crawl":2}')]);
      await writer.flush();
      expect((await recordsOf(scene.store, REF)).map(([, text]) => text)).toEqual([
        '{"crawl":1}',
        '{"client":1}',
        '{"crawl":2}',
      ]);
      expect(writer.end).toBe(3);
      expect(writer.stats.counts).toEqual({ crawl: 2, client: 1 });
    });

    it('shows readers at any time a beginning of the stream that only grows', async () => {
      const writer = await scene.store.openWriter(REF);
      let isDone = false;
      const writing = (async () => {
        for (let i = 0; i < 60; i += 1) {
          writer.append(linesFrom(i * 50, 50, 'h'.repeat(700)));
          await writer.flush();
        }
        await writer.seal();
        isDone = true;
      })();
      for (let seen = 0; !isDone; ) {
        const records = await recordsOf(scene.place.open(), REF);
        expect(records).toEqual(numbered(0, linesFrom(0, records.length, 'h'.repeat(700))));
        expect(records.length).toBeGreaterThanOrEqual(seen);
        expect((await gunzipped(scene.place.open(), REF)).split('\n').length).toBeGreaterThan(records.length);
        expect((await scene.place.open().stats(REF)).records).toBeGreaterThanOrEqual(records.length);
        seen = records.length;
      }
      await writing;
      expect((await recordsOf(scene.store, REF)).length).toBe(3000);
    });
  });
}
