import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** All addresses of a host, or an error of DNS when it has none. */
export type Resolve = (host: string) => Promise<string[]>;

/**
 * Asks the name servers. The machine's own way of looking names up (its file of hosts, its search list, numbers in odd
 * forms) is asked about what they do not know: it has few threads, which all else of this process needs, too.
 */
export function createResolve(): Resolve {
  const resolver = new Resolver({ timeout: 3000, tries: 2 });
  return async (host) => {
    if (isIP(host)) return [host];
    const answers = await Promise.allSettled(
      host.includes('.') ? [resolver.resolve4(host), resolver.resolve6(host)] : [],
    );
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    if (found.length > 0) return found;
    return (await lookup(host, { all: true })).map(({ address }) => address);
  };
}
