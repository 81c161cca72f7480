import { isIPv6 } from 'node:net';
import { type Destination, NOT_PUBLIC_4, NOT_PUBLIC_6, PUBLIC_6 } from '@spiderhub/core';
import type { Policy } from '../policy.ts';
import { ownLoopback } from './own-loopback.ts';

const REFUSE = 'reject with icmpx admin-prohibited';

export interface TableContent {
  /** Name of the table, letters, digits and _. */
  name: string;
  /** Group that all crawls of this installation have, and nobody else. */
  gid: number;
  /** Tells the crawls of a project from those of others. */
  uidOf: (project: number) => number;
  policy: Policy;
}

/**
 * The rules as one text for `nft -f`, which takes the place of what the table had before in one step: there is no moment
 * without rules. They look at each packet that a crawl sends, so it is of no importance by which name, or in
 * which form, an address was found.
 */
export function tableText({ name, gid, uidOf, policy }: TableContent): string {
  const projects = [...policy.projects].filter(([, destinations]) => destinations.length > 0);
  const jumps = projects.map(([project]) => `${uidOf(project)} : jump project_${project}`);
  const own = ownLoopback(REFUSE);
  const lines = [
    ...own.sets,
    ...own.chains,
    ...projects.map(
      ([project, destinations]) => `chain project_${project} { ${destinations.map(accept).join('; ')}; }`,
    ),
    'chain crawl {',
    ...(jumps.length > 0 ? [`meta skuid vmap { ${jumps.join(', ')} }`] : []),
    ...policy.everyone.map(accept),
    ...policy.resolvers.flatMap((address) =>
      ['udp', 'tcp'].map((protocol) => `${family(address)} daddr ${address} ${protocol} dport 53 accept`),
    ),
    ...own.crawl,
    `fib daddr type { local, broadcast, anycast, multicast } ${REFUSE}`,
    `ip daddr { ${NOT_PUBLIC_4.join(', ')} } ${REFUSE}`,
    `ip6 daddr != ${PUBLIC_6} ${REFUSE}`,
    `ip6 daddr { ${NOT_PUBLIC_6.join(', ')} } ${REFUSE}`,
    '}',
    'chain output {',
    'type filter hook output priority 0; policy accept;',
    `meta skgid ${gid} jump crawl`,
    `meta skgid ${gid} accept`,
    ...own.others,
    '}',
  ];
  // What its sets know of connections stays.
  return `add table inet ${name}\nflush table inet ${name}\ntable inet ${name} {\n${lines.join('\n')}\n}\n`;
}

function accept({ network, firstPort, lastPort }: Destination): string {
  return `${family(network.split('/')[0] as string)} daddr ${network} tcp dport ${firstPort}-${lastPort} accept`;
}

function family(address: string): 'ip' | 'ip6' {
  return isIPv6(address) ? 'ip6' : 'ip';
}
