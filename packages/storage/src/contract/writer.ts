import { linesFrom, numbered, REF, recordsOf, type Scene } from './support.ts';

/** What a crawl writes is counted, kept and checked. */
export function writerTests(scene: Scene): void {
  describe('the writer of a crawl', () => {
    it('counts at once what is appended', async () => {
      const writer = await scene.store.openWriter(REF);
      writer.append(linesFrom(0, 3));
      expect(writer.end).toBe(3);
      expect(writer.stats).toMatchObject({ end: 3, records: 3, counts: { n: 3, pad: 3 } });
    });

    it('takes records while it flushes', async () => {
      const writer = await scene.store.openWriter(REF);
      const flushes: Promise<void>[] = [];
      for (let i = 0; i < 50; i += 1) {
        writer.append(linesFrom(i * 100, 100, 'b'.repeat(100)));
        flushes.push(writer.flush());
      }
      await Promise.all(flushes);
      await writer.seal();
      expect(await recordsOf(scene.store, REF)).toEqual(numbered(0, linesFrom(0, 5000, 'b'.repeat(100))));
      expect(writer.stats).toEqual(await scene.store.stats(REF));
    });

    it('takes no more once it is sealed', async () => {
      const writer = await scene.store.openWriter(REF);
      await writer.seal();
      expect(() => writer.append(linesFrom(0, 1))).toThrow();
    });

    it('refuses a record with a line end, and keeps the others', async () => {
      const writer = await scene.store.openWriter(REF);
      writer.append(linesFrom(0, 1));
      expect(() => writer.append([Buffer.from('{"a":1}\n{"b":2}')])).toThrow();
      await writer.flush();
      expect(await recordsOf(scene.store, REF)).toEqual(numbered(0, linesFrom(0, 1)));
    });
  });
}
