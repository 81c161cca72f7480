/** Where a relay listens in each network that has nothing else: as `python/launcher/box/network.py` says. */
const RELAY = 'http://127.0.0.1:3128';
const NAMES = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'];

/** Variables that lead programs to the relay of the network that they are in. */
export function proxyVariables(): Record<string, string> {
  return Object.fromEntries(NAMES.map((name) => [name, RELAY]));
}
