export interface CrowdOptions {
  /** Pieces of work of one tenant at the same time while others have some, too. */
  most: number;
  /** What takes longer than this, ms, waits for something else and is in nobody's way. */
  shortMs?: number;
  /** Who had work so long ago, ms, is not there any more. */
  awayMs?: number;
  now?: () => number;
}

/** Keeps one tenant from filling the line of a processor that works off everything in the order in which it came. */
export interface Crowd {
  /**
   * Begins a piece of work: at once for who is alone or has little, else when some of the tenant's own is done. Whoever
   * began calls what it resolves to at the end; calling it again does nothing.
   */
  enter(tenant: string): Promise<() => void>;
}

interface Guest {
  /** When each piece of work began that is not done. */
  begun: Set<{ at: number }>;
  waiting: (() => void)[];
  timer: NodeJS.Timeout | null;
}

export function createCrowd({
  most,
  shortMs = 100,
  awayMs = 1000,
  now = performance.now.bind(performance),
}: CrowdOptions): Crowd {
  const guests = new Map<string, Guest>();
  /** The last tenant that came, and the last one before it that was somebody else. */
  let last = { tenant: '', at: Number.NEGATIVE_INFINITY };
  let other = last;

  function isAlone(tenant: string): boolean {
    if (last.tenant === tenant) last.at = now();
    else {
      other = last;
      last = { tenant, at: now() };
    }
    return other.tenant === tenant || other.at < now() - awayMs;
  }

  function begin(guest: Guest, tenant: string): () => void {
    const work = { at: now() };
    guest.begun.add(work);
    return () => {
      if (guest.begun.delete(work)) goOn(guest, tenant);
    };
  }

  function goOn(guest: Guest, tenant: string): void {
    if (guest.begun.size < most) guest.waiting.shift()?.();
    if (guest.begun.size === 0 && guest.waiting.length === 0) guests.delete(tenant);
  }

  /** What takes long gives its place away. */
  function watch(guest: Guest): void {
    if (guest.timer || guest.waiting.length === 0) return;
    guest.timer = setTimeout(() => {
      guest.timer = null;
      for (const work of guest.begun) if (work.at <= now() - shortMs) guest.begun.delete(work);
      for (let room = most - guest.begun.size; room > 0; room -= 1) guest.waiting.shift()?.();
      watch(guest);
    }, shortMs / 2);
  }

  return {
    async enter(tenant) {
      const guest = guests.get(tenant) ?? { begun: new Set(), waiting: [], timer: null };
      guests.set(tenant, guest);
      if (!isAlone(tenant) && guest.begun.size >= most) {
        await new Promise<void>((resolve) => {
          guest.waiting.push(resolve);
          watch(guest);
        });
        guests.set(tenant, guest);
      }
      return begin(guest, tenant);
    },
  };
}
