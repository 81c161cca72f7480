import type { StreamRef } from '@spiderhub/core';
import { linesFrom, numbered, REF, recordsOf, type Scene } from './support.ts';

/** Streams of a job are removed, set aside and measured together. */
export function wholeJobsTests(scene: Scene): void {
  describe('a job', () => {
    it('is removed with all its attempts and nothing else', async () => {
      const refs: StreamRef[] = [REF, { ...REF, attempt: 2 }, { ...REF, stream: 'logs' }];
      const neighbour: StreamRef = { ...REF, key: { ...REF.key, job: 33 } };
      for (const ref of [...refs, neighbour]) await scene.write(ref, linesFrom(0, 3, 'g'.repeat(200_000)));
      await scene.store.removeJobs([REF.key]);
      await scene.store.removeJobs([REF.key]);
      for (const ref of refs) expect((await scene.place.open().stats(ref)).end).toBe(0);
      expect((await scene.store.stats(neighbour)).end).toBe(3);
      await scene.write(REF, linesFrom(0, 1));
      expect(await recordsOf(scene.store, REF)).toEqual(numbered(0, linesFrom(0, 1)));
    });

    it('reads as if it had no streams while it is set aside, and comes back whole', async () => {
      const refs: StreamRef[] = [REF, { ...REF, attempt: 2, stream: 'logs' }];
      const lines = linesFrom(0, 3, 'h'.repeat(200_000));
      for (const ref of refs) await scene.write(ref, lines);
      for (let i = 0; i < 2; i++) {
        await scene.store.setAside(REF.key);
        for (const ref of refs) expect((await scene.place.open().stats(ref)).end).toBe(0);
        // Somebody who has not heard of it yet.
        await scene.write(REF, linesFrom(0, 1));
        expect((await scene.store.stats(REF)).end).toBe(1);
      }
      await scene.store.bringBack(REF.key);
      await scene.store.bringBack(REF.key);
      for (const ref of refs) expect(await recordsOf(scene.place.open(), ref)).toEqual(numbered(0, lines));
      await scene.write(REF, linesFrom(3, 1));
      expect((await scene.place.open().stats(REF)).end).toBe(4);
    });

    it('can be written to again once it is back, whoever was writing when it was set aside', async () => {
      await scene.write(REF, linesFrom(0, 3, 'k'.repeat(100_000)));
      const writes = Array.from({ length: 20 }, () =>
        scene.store.write(REF, linesFrom(0, 1)).catch(() => null),
      );
      await scene.store.setAside(REF.key);
      await Promise.all(writes);
      await scene.store.bringBack(REF.key);
      const { end } = await scene.store.stats(REF);
      expect(end).toBeGreaterThanOrEqual(3);
      expect(await scene.place.open().write(REF, linesFrom(end, 1))).toEqual({ first: end });
    });

    it('is removed with what was set aside', async () => {
      await scene.write(REF, linesFrom(0, 3));
      await scene.store.setAside(REF.key);
      await scene.write(REF, linesFrom(0, 1));
      await scene.store.removeJobs([REF.key]);
      await scene.store.bringBack(REF.key);
      expect((await scene.store.stats(REF)).end).toBe(0);
      expect(await scene.store.sizeOfProject(REF.key.project)).toBe(0);
    });

    it('counts for what its project takes, set aside or not', async () => {
      await scene.write(REF, linesFrom(0, 3, 'i'.repeat(200_000)));
      await scene.write({ ...REF, key: { project: 11, spider: 1, job: 1 } }, linesFrom(0, 1));
      const before = await scene.store.sizeOfProject(REF.key.project);
      expect(before).toBeGreaterThan(0);
      await scene.store.setAside(REF.key);
      expect(await scene.place.open().sizeOfProject(REF.key.project)).toBe(before);
      expect(await scene.store.sizeOfProject(12)).toBe(0);
    });
  });
}
