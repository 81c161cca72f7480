export interface FairLineOptions {
  /** Pieces of work at the same time. */
  places: number;
  /** Of them for one tenant. */
  placesOfOne: number;
  /** Pieces of work of one tenant that may wait. */
  mostWaiting: number;
  /** What is thrown to whom would have to wait behind that many. */
  refuse: () => Error;
}

/** Whose work it is. */
export type Tenant = string | number;

export interface FairLine {
  /** Waits for a place. Whoever gets one calls what it resolves to when the work is over, once. Throws what `refuse` makes. */
  enter(tenant: Tenant): Promise<() => void>;
  /** Does a piece of work in its turn. */
  run<T>(tenant: Tenant, work: () => Promise<T>): Promise<T>;
}

/**
 * Shares places between tenants: one that asks for a hundred at once gets a few of them at a time, and a place that falls free
 * goes to the tenant that has the fewest, not to whoever asked most.
 */
export function fairLine({ places, placesOfOne, mostWaiting, refuse }: FairLineOptions): FairLine {
  const busy = new Map<Tenant, number>();
  /** In the order of their turns: who got a place goes to the end. */
  const waiting = new Map<Tenant, (() => void)[]>();
  let free = places;

  const hasRoom = (tenant: Tenant) => (busy.get(tenant) ?? 0) < placesOfOne;

  function take(tenant: Tenant): void {
    free -= 1;
    busy.set(tenant, (busy.get(tenant) ?? 0) + 1);
  }

  function leave(tenant: Tenant): void {
    free += 1;
    const left = (busy.get(tenant) ?? 1) - 1;
    if (left > 0) busy.set(tenant, left);
    else busy.delete(tenant);
    next();
  }

  /** One place fell free, so one may go: of who has the fewest, the one that waits for longest. */
  function next(): void {
    const of = (tenant: Tenant) => busy.get(tenant) ?? 0;
    let chosen: Tenant | null = null;
    for (const tenant of waiting.keys()) {
      if (hasRoom(tenant) && (chosen === null || of(tenant) < of(chosen))) chosen = tenant;
    }
    if (chosen === null) return;
    const line = waiting.get(chosen) ?? [];
    const go = line.shift();
    waiting.delete(chosen);
    if (line.length > 0) waiting.set(chosen, line);
    take(chosen);
    go?.();
  }

  async function enter(tenant: Tenant): Promise<() => void> {
    if (free > 0 && hasRoom(tenant)) take(tenant);
    else await place(tenant);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      leave(tenant);
    };
  }

  function place(tenant: Tenant): Promise<void> {
    const line = waiting.get(tenant) ?? [];
    if (line.length >= mostWaiting) throw refuse();
    waiting.set(tenant, line);
    return new Promise((resolve) => line.push(resolve));
  }

  return {
    enter,
    async run(tenant, work) {
      const leaveNow = await enter(tenant);
      try {
        return await work();
      } finally {
        leaveNow();
      }
    },
  };
}
