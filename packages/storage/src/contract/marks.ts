import { linesFrom, REF, type Scene } from './support.ts';

/** Who follows a stream need not read it to know that nothing was added. */
export function markTests(scene: Scene): void {
  describe('marks', () => {
    it('has another mark whenever there is more to read, and the same one otherwise', async () => {
      const marks = [await scene.store.mark(REF)];
      const writer = await scene.store.openWriter(REF);
      for (let round = 0; round < 3; round += 1) {
        writer.append(linesFrom(round, 1));
        await writer.flush();
        marks.push(await scene.place.open().mark(REF));
        expect(await scene.store.mark(REF)).toBe(marks.at(-1));
      }
      await writer.seal();
      expect(new Set(marks).size).toBe(marks.length);
    });
  });
}
