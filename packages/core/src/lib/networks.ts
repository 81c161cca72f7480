import ipaddr from 'ipaddr.js';
import { requestErrors } from '../errors.ts';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

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

/** Null when it is none. An IPv4 address that comes through IPv6 is what it is. */
export function readAddress(text: string): Address | null {
  const address = text.replace(/%.*$/, '');
  return ipaddr.isValid(address) && (address.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(address))
    ? ipaddr.process(address)
    : null;
}

/** Whether the address lies in a network as `parseNetwork` writes it. */
export function isWithin(network: string, address: Address): boolean {
  const [base, length] = ipaddr.parseCIDR(network);
  return base.kind() === address.kind() && address.match(base, length);
}

/** Whether an address as a request came from it lies in one of these networks. Nobody's address lies in none. */
export function isFromOneOf(networks: readonly string[], address: string | null): boolean {
  const from = address === null ? null : readAddress(address);
  return from !== null && networks.some((network) => isWithin(network, from));
}
