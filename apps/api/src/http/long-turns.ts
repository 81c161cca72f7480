import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** Long answers go on piece by piece: one piece of all of them in one turn of the event loop. */
export interface LongTurns {
  /** Counts a long answer of a tenant until what it returns is called. */
  begin(tenant: string): () => void;
  /** Waits until a piece of one of the tenant's answers may be made. Tenants take turns, however many answers each has. */
  take(tenant: string): Promise<void>;
}

export interface LongTurnsOptions {
  /** Waits until those who go first are done, or have gone first for long enough. */
  giveWay(): Promise<void>;
  /** Nobody else uses the process. */
  isAlone(tenant: string): boolean;
  /** Waits so long, ms, until somebody is rested. */
  rest?: (ms: number) => Promise<void>;
}

/** Who has more long answers under way than this while others are there rests between their pieces. */
const FEW = 2;
/** So many times as long as the piece took. */
const REST = 3;

interface Tenant {
  answers: number;
  line: (() => void)[];
  /** When it is rested, by `performance.now()`. */
  restedAt: number;
}

export function createLongTurns({ giveWay, isAlone, rest = pause }: LongTurnsOptions): LongTurns {
  const tenants = new Map<string, Tenant>();
  let isWorking = false;

  function of(name: string): Tenant {
    const known = tenants.get(name) ?? { answers: 0, line: [], restedAt: 0 };
    tenants.set(name, known);
    return known;
  }

  function forget(name: string, tenant: Tenant): void {
    const isOver = tenant.answers === 0 && tenant.line.length === 0;
    if (isOver && tenants.get(name) === tenant) tenants.delete(name);
  }

  /** Who waits and is rested, or how long until somebody is, ms; null when nobody waits. */
  function next(): [string, Tenant] | number | null {
    let soonest = Number.POSITIVE_INFINITY;
    for (const entry of tenants) {
      if (entry[1].line.length === 0) continue;
      const wait = entry[1].restedAt - performance.now();
      if (wait <= 0) return entry;
      soonest = Math.min(soonest, wait);
    }
    return soonest === Number.POSITIVE_INFINITY ? null : soonest;
  }

  async function work(): Promise<void> {
    isWorking = true;
    for (let who = next(); who !== null; who = next()) {
      await giveWay();
      if (typeof who === 'number') await rest(Math.ceil(who));
      else await piece(...who);
    }
    isWorking = false;
  }

  async function piece(name: string, tenant: Tenant): Promise<void> {
    // Behind the others, for the next turn.
    tenants.delete(name);
    tenants.set(name, tenant);
    const from = performance.now();
    tenant.line.shift()?.();
    await nextTurn();
    const at = performance.now();
    if (tenant.answers > FEW && !isAlone(name)) tenant.restedAt = at + REST * (at - from);
    forget(name, tenant);
  }

  return {
    begin(name) {
      const tenant = of(name);
      tenant.answers += 1;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        tenant.answers -= 1;
        forget(name, tenant);
      };
    },
    take: (name) =>
      new Promise((resolve) => {
        of(name).line.push(resolve);
        if (!isWorking) void work();
      }),
  };
}
