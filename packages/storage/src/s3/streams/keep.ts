import type { SegmentIndex } from '@spiderhub/core';
import type { Objects } from '../objects.ts';
import { addTail, type ObjectBody, packedName } from './body.ts';
import { repackObject } from './repack.ts';
import { changeOfTail, movedInto } from './roll.ts';
import { nameOf, TOO_LONG } from './tend.ts';

export interface SegmentKeeperOptions {
  index: SegmentIndex;
  objects: Objects;
  /** Tails of a project that make an object together, bytes. */
  packBytes?: number;
  /** Smaller packed objects are not written anew, bytes. */
  repackBytes?: number;
  /** None waits longer for others, ms. */
  packMs?: number;
  /** An object that nothing names is kept for so long, ms: somebody may be reading it, or its writer may not be done. */
  garbageMs: number;
  /** A stream to which nothing came for so long counts as ended, ms. */
  silentMs?: number;
  /** Hears of streams that cannot be read. */
  onError?: (error: unknown) => void;
}

/** Done at once, and whether there is more. */
export interface Kept {
  done: number;
  more: boolean;
}

/** What one process does for all streams, bit by bit. */
export interface SegmentKeeper {
  /** Moves tails of ended streams of a project into one object. */
  pack(): Promise<Kept>;
  /** Ends streams that nobody writes any more. */
  sealSilent(): Promise<Kept>;
  /** Removes objects that nothing names. */
  collect(): Promise<Kept>;
  /** Writes a packed object anew of which most is gone. */
  repack(): Promise<Kept>;
}

const PACK_BYTES = 8 * 2 ** 20;
const REPACK_BYTES = 2 ** 18;
const PACK_MS = 5 * 60_000;
const SILENT_MS = 3600_000;
const SEALED_AT_ONCE = 1000;
/** S3 removes so many objects with one call. */
const COLLECTED_AT_ONCE = 1000;

export function createSegmentKeeper(options: SegmentKeeperOptions): SegmentKeeper {
  const { index, objects, garbageMs } = options;
  const { packBytes = PACK_BYTES, packMs = PACK_MS, silentMs = SILENT_MS } = options;
  const { upkeep } = index;

  async function pack(): Promise<Kept> {
    const project = await upkeep.readyProject(packBytes, packMs);
    if (project === null) return { done: 0, more: false };
    const streams = await upkeep.ready(project, packBytes);
    const tails = await upkeep.tails(
      streams.map(({ head }) => head.id),
      TOO_LONG * packBytes,
    );
    const object = packedName(project);
    const body: ObjectBody = { parts: [], size: 0 };
    const changes = [];
    const damaged: number[] = [];
    for (const { head, ref } of streams) {
      const tail = tails.get(head.id) ?? [];
      if (tail.length === 0) continue;
      try {
        const moved = movedInto(object, await addTail(body, tail), head, tail);
        changes.push({ ...changeOfTail(ref, head, tail), ...moved });
      } catch (error) {
        damaged.push(head.id);
        options.onError?.(new Error(`the tail of ${nameOf(ref)} cannot be read`, { cause: error }));
      }
    }
    // They keep their place, and take that of nobody else.
    if (damaged.length > 0) await upkeep.postpone(damaged);
    if (changes.length === 0) return { done: 0, more: false };
    await index.announce(object);
    await objects.put(object, Buffer.concat(body.parts, body.size));
    const done = await index.change(changes, object);
    return { done: done.length, more: done.length > 0 };
  }

  return {
    pack,
    async sealSilent() {
      const done = await upkeep.sealSilent(silentMs);
      return { done, more: done >= SEALED_AT_ONCE };
    },
    async collect() {
      const garbage = await upkeep.takeGarbage(garbageMs, COLLECTED_AT_ONCE);
      if (garbage.length > 0) {
        await objects.remove(garbage);
        await upkeep.garbageGone(garbage);
      }
      return { done: garbage.length, more: garbage.length >= COLLECTED_AT_ONCE };
    },
    async repack() {
      const object = await upkeep.shrunk(garbageMs);
      if (object === null) return { done: 0, more: false };
      const isDone = await repackObject({ index, objects }, object, options.repackBytes ?? REPACK_BYTES);
      await upkeep.lookedAt(object, garbageMs);
      return { done: isDone ? 1 : 0, more: true };
    },
  };
}
