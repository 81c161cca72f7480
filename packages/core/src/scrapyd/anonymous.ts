import ipaddr from 'ipaddr.js';
import type { Principal } from '../access/principal.ts';
import { requestErrors } from '../errors.ts';
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

/**
 * Reads `10.0.0.0/8`, `10.1.2.3` or `fd00::/8` and returns it with its length. Throws `invalid` that begins with
 * `field` for anything else, and for a network that begins elsewhere.
 */
export function parseNetwork(field: string, text: string): string {
  const [, address = '', bits] = /^([\da-f.:]+)(?:\/(\d{1,3}))?$/i.exec(text) ?? [];
  const from = readAddress(address);
  const most = from?.kind() === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  if (!from || length > most || address.includes('.') !== (most === 32))
    throw requestErrors.invalid(
      field,
      `${text}: expected an address or a network such as 10.0.0.0/8 or fd00::/8`,
    );
  const family = most === 32 ? ipaddr.IPv4 : ipaddr.IPv6;
  const given = from.toString();
  const first = family.networkAddressFromCIDR(`${given}/${length}`).toString();
  if (first !== given)
    throw requestErrors.invalid(field, `${text}: a network of ${length} bits begins with ${first}`);
  return `${first}/${length}`;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** Null when it is none. An IPv4 address that comes through IPv6 is what it is. */
function readAddress(text: string): Address | null {
  const address = text.replace(/%.*$/, '');
  return ipaddr.isValid(address) && (address.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(address))
    ? ipaddr.process(address)
    : null;
}

function contains(network: string, address: Address): boolean {
  const [base, length] = ipaddr.parseCIDR(network);
  if (base.kind() !== address.kind()) return false;
  if (isLoopback(address) && !isLoopback(base)) return false;
  return address.match(base, length);
}

function isLoopback(address: Address): boolean {
  return address.range() === 'loopback';
}

function lengthOf(network: string): number {
  return Number(network.split('/')[1]);
}
