import type { LookupFunction } from 'node:net';
import type { Gate } from '../gate.ts';
import type { Resolve } from './resolve.ts';

/** Why a host was not asked, in words for the owner of the crawl. */
export class Refused extends Error {
  readonly status: 400 | 403 | 502;

  constructor(status: 400 | 403 | 502, message: string) {
    super(message);
    this.status = status;
  }
}

/** How to connect to a host, for `net` and `http`. */
export interface Route {
  host: string;
  port: number;
  lookup: LookupFunction;
  autoSelectFamily: true;
  autoSelectFamilyAttemptTimeout: number;
}

/** With several addresses each gets so long before the next one is tried, ms. */
const NEXT_ADDRESS_MS = 2000;

/**
 * Finds the way to a host. Only addresses that the gate lets through are handed on: what a name leads to is looked up
 * once, checked, and connected to, so another answer of a name server a moment later changes nothing. Throws Refused.
 */
export async function routeTo(
  { host, port }: { host: string; port: number },
  { gate, resolve }: { gate: Gate; resolve: Resolve },
): Promise<Route> {
  const found = await resolve(host).catch((error: NodeJS.ErrnoException) => {
    throw new Refused(502, `${host}: no address was found (${error.code ?? error.message})`);
  });
  const addresses = found
    .filter((address) => gate(address, port))
    .map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const [first] = addresses;
  if (!first) throw notPublic(host, port);
  return {
    // A name makes Node use the lookup below, which is the only thing that is ever asked about it.
    host: 'checked.invalid',
    port,
    lookup: (_host, options, done) =>
      options.all ? done(null, addresses) : done(null, first.address, first.family),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
  };
}

/**
 * For a host that another proxy will look up: no address that is known of it here may be one that the gate refuses. A name
 * that nobody here knows is left to the proxy. Throws Refused.
 */
export async function requirePublic(
  { host, port }: { host: string; port: number },
  { gate, resolve }: { gate: Gate; resolve: Resolve },
): Promise<void> {
  const found = await resolve(host).catch(() => []);
  if (found.some((address) => !gate(address, port))) throw notPublic(host, port);
}

function notPublic(host: string, port: number): Refused {
  return new Refused(
    403,
    `${host} port ${port} is not public, and not among what this project may reach in the network`,
  );
}

/** What a client is told instead of an answer. What is not meant for it stays unsaid. */
export function answerTo(error: unknown): { status: number; text: string } {
  if (error instanceof Refused) return { status: error.status, text: `${error.message}\n` };
  return { status: 502, text: 'the connection failed\n' };
}
