import type { Principal } from '../access/principal.ts';
import { type Address, isWithin, readAddress } from '../lib/networks.ts';
import { remembered } from '../lib/remembered.ts';
import type { ScrapydNetwork, ScrapydNetworkStore } from './ports/store.ts';

/** How long a network is trusted that was removed, ms. */
const TRUST_MS = 1000;

/** Says who comes without credentials. */
export interface ScrapydGuests {
  /** The principal of the smallest network that this address is in; null when it is in none. */
  at(address: string): Promise<Principal | null>;
}

/**
 * Callers that Scrapyd's API knows by their address alone. This machine itself counts only where it is named: a proxy on it
 * that nobody told us about would make the whole world come from here, and crawls run on it.
 */
export function createScrapydGuests(store: ScrapydNetworkStore, now: () => number = Date.now): ScrapydGuests {
  const networks = remembered<'all', ScrapydNetwork[]>(() => store.listNetworks(), {
    trustMs: TRUST_MS,
    most: 1,
    now,
  });
  return {
    async at(address) {
      const from = readAddress(address);
      const known = from && (await networks.get('all'));
      if (!known) return null;
      const [smallest] = known
        .filter(({ network }) => contains(network, from))
        .sort((a, b) => lengthOf(b.network) - lengthOf(a.network));
      return smallest ? guestOf(smallest) : null;
    },
  };
}

function guestOf({ organisation, role }: ScrapydNetwork): Principal {
  return {
    name: 'anonymous',
    user: null,
    shown: null,
    projects: new Map(),
    staff: false,
    organisations: new Map([[organisation, role]]),
  };
}

function contains(network: string, address: Address): boolean {
  return isWithin(network, address) && (!isLoopback(address) || isWithinLoopback(network));
}

function isWithinLoopback(network: string): boolean {
  const base = readAddress(network.replace(/\/.*$/, ''));
  return base !== null && isLoopback(base);
}

function isLoopback(address: Address): boolean {
  return address.range() === 'loopback';
}

function lengthOf(network: string): number {
  return Number(network.split('/')[1]);
}
