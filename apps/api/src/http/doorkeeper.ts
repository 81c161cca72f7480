import { type Principal, shortLine } from '@spiderhub/core';
import { LRUCache } from 'lru-cache';
import type { Throttle } from './throttle.ts';

/** One way to show who one is. */
export interface Way {
  /** Stands for these very credentials; a secret that somebody chose is hashed in it. */
  proof: string;
  /** Null for credentials that are not valid. */
  verify(): Promise<Principal | null>;
  /**
   * What becomes of them at an address that has to wait, when they have not worked before:
   * `freely`: verified as ever, for what cannot be guessed and costs the database nothing while it is wrong;
   * `in turn`: verified one at a time, for what cannot be guessed but has to be looked up;
   * `not`: not looked at, for what could be guessed.
   */
  whileWaiting: 'freely' | 'in turn' | 'not';
}

export interface Doorkeeper {
  /**
   * Who that is by the first way that is good. Null for wrong credentials; throws what `refuse` makes of the seconds
   * to wait when too many were wrong before.
   */
  check(address: string, ways: Way[], refuse: (seconds: number) => Error): Promise<Principal | null>;
}

const MAX_KNOWN = 10_000;
const MAX_IN_TURN = 100;

/**
 * Makes addresses wait that send too many wrong credentials, and nobody else: behind one proxy, or on a worker's
 * machine, a stranger's guesses must not lock out who comes with good ones. So only the answer to wrong ones changes;
 * what has worked before is always verified, and what has not is treated as `whileWaiting` says. One look-up at a time
 * is little for the database, however many keys a whole row of addresses makes up.
 */
export function createDoorkeeper(throttle: Throttle): Doorkeeper {
  const known = new LRUCache<string, true>({ max: MAX_KNOWN });
  const inTurn = shortLine(MAX_IN_TURN);

  /** What has worked before is verified without a look at who else failed at that address. */
  async function verifyKnown(way: Way): Promise<Principal | null> {
    const who = await way.verify();
    // Its owner changed it: what is wrong now must not be tried for ever.
    if (!who) known.delete(way.proof);
    return who;
  }

  async function verifyNew(way: Way, isWaiting: boolean): Promise<Principal | null> {
    if (isWaiting && way.whileWaiting === 'not') return null;
    const who = await (isWaiting && way.whileWaiting === 'in turn' ? inTurn(way.verify) : way.verify());
    if (who) known.set(way.proof, true);
    return who;
  }

  /** Most callers come again and again in the same way, which then saves the look-ups of the others. */
  function knownFirst(ways: Way[]): Way[] {
    const at = ways.findIndex((way) => known.has(way.proof));
    return at > 0 ? [ways[at] as Way, ...ways.toSpliced(at, 1)] : ways;
  }

  return {
    async check(address, ways, refuse) {
      let waitSeconds: number | null = null;
      for (const way of knownFirst(ways)) {
        const isKnown = known.get(way.proof) === true;
        if (!isKnown) waitSeconds ??= await throttle.waitSeconds(address);
        const who = await (isKnown ? verifyKnown(way) : verifyNew(way, (waitSeconds ?? 0) > 0));
        if (who) return who;
      }
      waitSeconds ??= await throttle.waitSeconds(address);
      await throttle.failed(address);
      if (waitSeconds > 0) throw refuse(waitSeconds);
      return null;
    },
  };
}
