import { promises as dns, type LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';

/** How long one question to a name server waits, ms, and how often it is put. */
const ASK_MS = 3000;
const ASKS = 2;
/** Who has waited so long for the system's answer has been given up, ms. */
const PATIENCE_MS = 10_000;
/** Names that are in no name server, or no name server is there: what the system makes of them may be in a file of its own. */
const UNKNOWN = new Set(['ENOTFOUND', 'ENODATA', 'ECONNREFUSED']);

type System = (host: string) => Promise<LookupAddress[]>;

/**
 * Names to addresses, for names that users chose. The system's own way takes a thread of Node's few for as long as a name
 * server takes, and files are written by the same threads: four names of a slow server would hold up all crawls. So name
 * servers are asked without threads, and the system only about what they do not know, one name at a time: names without a dot
 * (of other containers), and those of `/etc/hosts`. Fails as `dns.lookup` does.
 */
export function createLookup(system: System = (host) => dns.lookup(host, { all: true })): LookupFunction {
  const resolver = new dns.Resolver({ timeout: ASK_MS, tries: ASKS });
  // A slow name of somebody's must not hold up the names of this network.
  const [nearby, elsewhere] = [oneAtATime(system), oneAtATime(system)];

  async function addressesOf(host: string): Promise<LookupAddress[]> {
    if (!host.includes('.')) return nearby(host);
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const found = answers.flatMap((answer, at) =>
      answer.status === 'fulfilled'
        ? answer.value.map((address) => ({ address, family: at === 0 ? 4 : 6 }))
        : [],
    );
    if (found.length > 0) return found;
    const failed = answers.find(
      (answer) => answer.status === 'rejected' && !UNKNOWN.has(codeOf(answer.reason)),
    );
    if (failed?.status === 'rejected') throw failed.reason;
    return elsewhere(host);
  }

  return (host, options, done) => {
    addressesOf(host).then(
      (all) => {
        const wanted = options.family === 4 || options.family === 6 ? options.family : null;
        const fitting = all.filter(({ family }) => wanted === null || family === wanted);
        const [first] = fitting;
        if (!first)
          return done(Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' }), '', 4);
        if (options.all) done(null, fitting);
        else done(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => done(error, '', 4),
    );
  };
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

function oneAtATime(system: System): System {
  let last: Promise<unknown> = Promise.resolve();
  return (host) => {
    const askedAt = performance.now();
    const ask = async () => {
      if (performance.now() - askedAt > PATIENCE_MS)
        throw Object.assign(new Error(`nobody told the address of ${host} in time`), { code: 'ETIMEOUT' });
      return system(host);
    };
    const answer = last.then(ask, ask);
    last = answer.catch(() => undefined);
    return answer;
  };
}
