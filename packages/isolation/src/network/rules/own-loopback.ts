/** A first packet is answered at once, or never. */
const LONGEST_HANDSHAKE = '10s';
/** Longer than a client takes to ask again what nobody answered. */
const LONGEST_REFUSAL = '3s';
/** Of a connection over which nothing is said: signs of life come more often than that. */
const LONGEST_SILENCE = '3h';
/** Of all crawls together; what is beyond is refused. */
const MOST_CONNECTIONS = 65_535;

/** `firstBytes`: the length of a first packet with all options that Linux gives it, and no data. */
const FAMILIES = [
  { ip: 'ip', type: 'ipv4_addr', loopback: '127.0.0.0/8', n: 4, firstBytes: 60 },
  { ip: 'ip6', type: 'ipv6_addr', loopback: '::1', n: 6, firstBytes: 80 },
] as const;
type Family = (typeof FAMILIES)[number];

const SYN = 'tcp flags & (syn | ack) == syn';
const SYN_ACK = 'tcp flags & (syn | ack) == syn | ack';
const sent = ({ ip }: Family) => `${ip} saddr . tcp sport . ${ip} daddr . tcp dport`;
const answered = ({ ip }: Family) => `${ip} daddr . tcp dport . ${ip} saddr . tcp sport`;

/**
 * Lets crawls reach on loopback what listens there as the same user, such as the driver of a browser that a spider started,
 * and nothing else. Who listens says the kernel when it answers the first packet of a connection: an answer of another
 * user's never arrives, and the one who gave it is told that nobody is there any more, before it knows of a connection.
 *
 * `sets` and `chains` are for the table; `crawl` is for packets of a crawl, before they are refused, and `others` for those
 * of everybody else.
 */
export function ownLoopback(refuse: string): Record<'sets' | 'chains' | 'crawl' | 'others', string[]> {
  return {
    sets: FAMILIES.flatMap(setsOf),
    chains: FAMILIES.flatMap((family) => chainOf(family, refuse)),
    crawl: FAMILIES.map(
      ({ ip, loopback, n }) =>
        `${ip} saddr ${loopback} ${ip} daddr ${loopback} meta l4proto tcp jump own${n}`,
    ),
    others: FAMILIES.map((family) => `oifname "lo" ${notTheirs(family)}`),
  };
}

/** The answer to a crawl of somebody who is not its user. */
function notTheirs(family: Family): string {
  const { n } = family;
  return `${SYN_ACK} ${answered(family)} @asked${n} update @denied${n} { ${answered(family)} } reject with tcp reset`;
}

function setsOf({ type, n }: Family): string[] {
  const connection = `${type} . inet_service . ${type} . inet_service`;
  const kind = (of: string, timeout: string) =>
    `{ type ${of}; flags dynamic, timeout; timeout ${timeout}; size ${MOST_CONNECTIONS}; }`;
  return [
    `set asked${n} ${kind(connection, LONGEST_HANDSHAKE)}`,
    `set denied${n} ${kind(connection, LONGEST_REFUSAL)}`,
    `set asker${n} ${kind(`uid . ${connection}`, LONGEST_HANDSHAKE)}`,
    `set joined${n} ${kind(`uid . ${connection}`, LONGEST_SILENCE)}`,
  ];
}

function chainOf(family: Family, refuse: string): string[] {
  const { n, firstBytes } = family;
  const [there, back] = [`meta skuid . ${sent(family)}`, `meta skuid . ${answered(family)}`];
  return [
    `chain own${n} {`,
    // A service that takes data with the first packet would have it before its answer says whose it is.
    `${SYN} meta length > ${firstBytes} ${refuse}`,
    // Asked again, since the answer was taken away.
    `${SYN} ${sent(family)} @denied${n} ${refuse}`,
    `${SYN} update @asked${n} { ${sent(family)} } update @asker${n} { ${there} } accept`,
    `${SYN_ACK} ${back} @asker${n} update @joined${n} { ${back} } accept`,
    notTheirs(family),
    `${there} @joined${n} update @joined${n} { ${there} } accept`,
    `${back} @joined${n} update @joined${n} { ${back} } accept`,
    '}',
  ];
}
