import { type Company, createCompany } from './company.ts';

export interface CrowdOptions {
  /** Pieces of work of one tenant at the same time while others have some, too. */
  most: number;
  /** What takes longer than this, ms, waits for something else: it does not count as one of its tenant's. */
  shortMs?: number;
  /** So long, ms, a tenant with a line waits for a piece of work of one without, and so long for all of them together. */
  patienceMs?: number;
  /** So long, ms, lines wait after a piece of work of a tenant without a line: who makes one call after the other comes back at once. */
  breathMs?: number;
  /** Who was there of late. */
  company?: Company;
  now?: () => number;
}

/**
 * Keeps one tenant from filling the line of a processor that works off everything in the order in which it came. While others
 * are there, a tenant has a few pieces of work under way and its others wait in a line of its own; and who has a line begins the
 * next piece when nobody without a line has one under way, or after a moment.
 */
export interface Crowd {
  /**
   * Begins a piece of work: at once for who is alone or has little, else when it is its turn. Whoever began calls what it
   * resolves to at the end; calling it again does nothing.
   */
  enter(tenant: string): Promise<Leave>;
}

type Leave = () => void;

interface Guest {
  tenant: string;
  /** When each piece of work began that is not done. */
  begun: Set<{ at: number }>;
  line: ((leave: Leave) => void)[];
  /** Begins the first of the line when patience ends. */
  timer: NodeJS.Timeout | null;
}

export function createCrowd({
  most,
  shortMs = 100,
  patienceMs = 5,
  breathMs = 2,
  now = performance.now.bind(performance),
  company = createCompany({ now }),
}: CrowdOptions): Crowd {
  const guests = new Map<string, Guest>();
  const lines = new Set<Guest>();
  /** Runs while somebody without a line may come back. */
  let breath: NodeJS.Timeout | null = null;

  function begin(guest: Guest): Leave {
    const work = { at: now() };
    guest.begun.add(work);
    return () => {
      guest.begun.delete(work);
      if (guest.line.length > 0) return serve(guest);
      if (guest.begun.size === 0 && guests.get(guest.tenant) === guest) guests.delete(guest.tenant);
      if (lines.size === 0) return;
      breath?.refresh();
      breath ??= setTimeout(endBreath, breathMs);
    };
  }

  function endBreath(): void {
    breath = null;
    for (const other of lines) serve(other);
  }

  /** Somebody without a line has something under way that will soon be done, or had it a moment ago. */
  function isGivenWay(): boolean {
    if (breath) return true;
    const young = now() - 2 * patienceMs;
    for (const { line, begun } of guests.values())
      if (line.length === 0) for (const { at } of begun) if (at > young) return true;
    return false;
  }

  function serve(guest: Guest): void {
    while (guest.begun.size < most && lines.has(guest) && !isGivenWay()) next(guest);
    waitFor(guest);
  }

  function next(guest: Guest): void {
    const first = guest.line.shift();
    if (guest.line.length === 0) lines.delete(guest);
    if (guest.timer) clearTimeout(guest.timer);
    guest.timer = null;
    first?.(begin(guest));
  }

  function waitFor(guest: Guest): void {
    if (guest.timer || !lines.has(guest)) return;
    guest.timer = setTimeout(() => {
      guest.timer = null;
      for (const work of guest.begun) if (work.at <= now() - shortMs) guest.begun.delete(work);
      if (guest.begun.size < most) next(guest);
      serve(guest);
    }, patienceMs);
  }

  return {
    async enter(tenant) {
      const guest = guests.get(tenant) ?? { tenant, begun: new Set(), line: [], timer: null };
      guests.set(tenant, guest);
      company.come(tenant);
      if (company.isAlone(tenant) || (guest.begun.size < most && guest.line.length === 0))
        return begin(guest);
      return new Promise((resolve) => {
        guest.line.push(resolve);
        lines.add(guest);
        waitFor(guest);
      });
    },
  };
}
