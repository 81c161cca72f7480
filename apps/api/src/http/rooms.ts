import { type Actor, type Caller, DomainError } from '@spiderhub/core';

const RETRY_SECONDS = 5;

/** Answers that go on for as long as somebody listens, and waits: how many there are, and how they end. */
export interface Rooms {
  /**
   * Counts one until the returned function is called; `end` is called when this process stops. Throws `exhausted` for
   * a caller or an organisation that has too many, `unavailable` when this process has too many, or stops.
   */
  enter(who: Guest, end: () => void): () => void;
  /** Ends all of them, and lets nobody in any more. */
  close(): void;
}

export interface Guest {
  actor: Actor;
  /** Whose share it is; null for staff. */
  organisation: number | null;
}

export interface RoomLimits {
  /** For each key or session. */
  each?: number;
  /** For this process. */
  all?: number;
}

/**
 * One organisation may have so many times as many as there are still free: alone on a process 1000 of 1250, and whatever it
 * takes, others find some.
 */
const OF_THE_FREE = 4;

export function createRooms({ each = 20, all = 1250 }: RoomLimits = {}): Rooms {
  const byCaller = createCounts<string>();
  const byOrganisation = createCounts<number>();
  const ends = new Set<() => void>();
  let isClosed = false;

  return {
    enter({ actor, organisation }, end) {
      if (isClosed) throw busy('This process is stopping, try again');
      if (ends.size >= all) throw busy('Too many live streams are open, try again later');
      const who = nameOf(actor);
      if (byCaller.of(who) >= each) throw tooMany(`More than ${each} live streams`);
      if (organisation !== null && byOrganisation.of(organisation) >= OF_THE_FREE * (all - ends.size))
        throw tooMany('Too many live streams of one organisation');
      byCaller.add(who, 1);
      if (organisation !== null) byOrganisation.add(organisation, 1);
      const one = () => end();
      ends.add(one);
      return () => {
        if (!ends.delete(one)) return;
        byCaller.add(who, -1);
        if (organisation !== null) byOrganisation.add(organisation, -1);
      };
    },
    close() {
      isClosed = true;
      for (const end of ends) end();
    },
  };
}

export async function guestOf(caller: Caller): Promise<Guest> {
  return { actor: caller.actor, organisation: await caller.tenant() };
}

/** How many there are of each; those of whom there are none are forgotten. */
function createCounts<K>() {
  const counts = new Map<K, number>();
  const of = (key: K) => counts.get(key) ?? 0;
  return {
    of,
    add(key: K, more: 1 | -1): void {
      const count = of(key) + more;
      if (count > 0) counts.set(key, count);
      else counts.delete(key);
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

function tooMany(what: string): DomainError {
  const message = `${what} at the same time, try again when one of them has ended`;
  return new DomainError('exhausted', 'too_many_streams', message, {
    details: { retryAfterSeconds: RETRY_SECONDS },
  });
}
