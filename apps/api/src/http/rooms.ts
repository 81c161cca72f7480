import { type Actor, DomainError } from '@spiderhub/core';

const RETRY_SECONDS = 5;

/** Answers that go on for as long as somebody listens, and waits: how many there are, and how they end. */
export interface Rooms {
  /**
   * Counts one until the returned function is called; `end` is called when this process stops. Throws `exhausted` for
   * a caller that has too many, `unavailable` when this process has too many, or stops.
   */
  enter(who: Actor, end: () => void): () => void;
  /** Ends all of them, and lets nobody in any more. */
  close(): void;
}

export interface RoomLimits {
  /** For each key or session. */
  each?: number;
  /** For this process. */
  all?: number;
}

export function createRooms({ each = 20, all = 1000 }: RoomLimits = {}): Rooms {
  const byCaller = new Map<string, number>();
  const ends = new Set<() => void>();
  let isClosed = false;

  return {
    enter(actor, end) {
      if (isClosed) throw busy('This process is stopping, try again');
      if (ends.size >= all) throw busy('Too many live streams are open, try again later');
      const who = nameOf(actor);
      const count = byCaller.get(who) ?? 0;
      if (count >= each) throw tooMany(each);
      byCaller.set(who, count + 1);
      const one = () => end();
      ends.add(one);
      return () => {
        if (!ends.delete(one)) return;
        const left = (byCaller.get(who) ?? 1) - 1;
        if (left > 0) byCaller.set(who, left);
        else byCaller.delete(who);
      };
    },
    close() {
      isClosed = true;
      for (const end of ends) end();
    },
  };
}

/** One browser, or one program with its key: others of the same user have places of their own. */
function nameOf({ kind, key, session, name }: Actor): string {
  return `${kind} ${key ?? session ?? name}`;
}

function busy(message: string): DomainError {
  return new DomainError('unavailable', 'too_many_streams', message, {
    details: { retryAfterSeconds: RETRY_SECONDS },
  });
}

function tooMany(limit: number): DomainError {
  const message = `More than ${limit} live streams at the same time, try again when one of them has ended`;
  return new DomainError('exhausted', 'too_many_streams', message, {
    details: { retryAfterSeconds: RETRY_SECONDS },
  });
}
