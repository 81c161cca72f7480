import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { requestErrors } from '../errors.ts';

/** Addresses and TCP ports that somebody may reach although they are not public. */
export interface Destination {
  /** Address and length of its network, as `10.1.2.0/24` or `fd00::1/128`. */
  network: string;
  firstPort: number;
  /** Equal to the first for a single port. */
  lastPort: number;
}

const LAST_PORT = 65_535;
const EXPECTED = 'expected an address or a network with a port, such as 10.1.2.0/24:8080 or [fd00::1]:80-90';

/**
 * Reads `10.1.2.3`, `10.1.2.0/24:8080`, `[fd00::]/8:80-90`, `[fd00::1]:443`, `fd00::1` or `127.0.0.1:*`; without ports all
 * are meant. Throws `invalid` that begins with `field`. Names are refused: what they mean changes with whoever answers
 * for them.
 */
export function parseDestination(field: string, text: string): Destination {
  const refuse = (why: string) => requestErrors.invalid(field, `${text}: ${why}`);
  const { address, length, ports } = split(text);
  const range = parsePorts(ports);
  const size = { 0: -1, 4: 32, 6: 128 }[isIP(address)] as number;
  const bits = length === undefined ? size : Number(length);
  if (!range || size < 0 || address.includes('%') || bits > size) throw refuse(EXPECTED);
  const family = size === 32 ? ipaddr.IPv4 : ipaddr.IPv6;
  const first = family.networkAddressFromCIDR(`${address}/${bits}`).toString();
  if (first !== family.parse(address).toString())
    throw refuse(`a network of ${bits} bits begins with ${first}`);
  return { network: `${first}/${bits}`, ...range };
}

/** As it is typed, and shown: `10.1.2.0/24:8080`, and a single address without its length. */
export function formatDestination({ network, firstPort, lastPort }: Destination): string {
  const [address, bits] = network.split('/') as [string, string];
  const isV6 = isIP(address) === 6;
  const place = `${isV6 ? `[${address}]` : address}${bits === (isV6 ? '128' : '32') ? '' : `/${bits}`}`;
  if (firstPort === 1 && lastPort === LAST_PORT) return `${place}:*`;
  return `${place}:${firstPort}${lastPort === firstPort ? '' : `-${lastPort}`}`;
}

interface Pieces {
  address: string;
  length: string | undefined;
  ports: string | undefined;
}

const BRACKETS = /^\[([^\]/]*)(?:\/(\d{1,3}))?\](?:\/(\d{1,3}))?(?::(.*))?$/;
const PLAIN_V4 = /^([\d.]+)(?:\/(\d{1,3}))?(?::(.*))?$/;
const PLAIN_V6 = /^([\da-f:.]+)(?:\/(\d{1,3}))?$/i;

function split(text: string): Pieces {
  const [, inside = '', length, behind, portsOf6] = BRACKETS.exec(text) ?? [];
  if (inside) return { address: inside, length: length ?? behind, ports: portsOf6 };
  const [, address = '', bits, ports] = PLAIN_V4.exec(text) ?? PLAIN_V6.exec(text) ?? [];
  return { address, length: bits, ports };
}

function parsePorts(text = '*'): Pick<Destination, 'firstPort' | 'lastPort'> | null {
  if (text === '*') return { firstPort: 1, lastPort: LAST_PORT };
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [firstPort, lastPort] = [Number(first), Number(last)];
  return firstPort >= 1 && lastPort >= firstPort && lastPort <= LAST_PORT ? { firstPort, lastPort } : null;
}
