import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a host, or an error of DNS when it has none. */
export type Resolve = (host: string) => Promise<string[]>;

export interface ResolveOptions {
  /** Addresses of name servers, with a port where it is another one. Those of the machine by default. */
  servers?: string[];
  /** How long a name server has to answer the first time it is asked, ms. */
  patienceMs?: number;
  /** The machine's own way of looking names up. */
  ofMachine?: Resolve;
}

/**
 * Asks the name servers. The machine's own way of looking names up (its file of hosts, its search list, numbers in odd
 * forms) is asked about what they do not know, one name at a time: it has few threads, which all else of this process needs,
 * too, and whoever has a name server of theirs decides how long each name takes.
 */
export function createResolve({
  servers,
  patienceMs = 3000,
  ofMachine = lookUp,
}: ResolveOptions = {}): Resolve {
  const resolver = new Resolver({ timeout: patienceMs, tries: 2 });
  if (servers) resolver.setServers(servers);
  let last: Promise<unknown> = Promise.resolve();
  return async (host) => {
    if (isIP(host)) return [host];
    const answers = await Promise.allSettled(
      host.includes('.') ? [resolver.resolve4(host), resolver.resolve6(host)] : [],
    );
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    const silence = answers.find(
      (answer) => answer.status === 'rejected' && answer.reason.code === 'ETIMEOUT',
    );
    // The machine would ask the same servers, and wait for them once more.
    if (silence?.status === 'rejected') throw silence.reason;
    const own = last.then(() => ofMachine(host));
    last = own.catch(() => {});
    return own;
  };
}

async function lookUp(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
