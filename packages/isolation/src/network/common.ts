import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Destination } from '@spiderhub/core';
import type { Policy } from './policy.ts';

export interface CommonOptions {
  /** Where crawls reach the API of this installation. */
  publicUrl: string;
  /** What the operator's setting allows every project. */
  allow: Destination[];
  /** Lists the name servers. */
  resolvConf?: string;
}

/** The parts of the policy that are the same for all projects: the API's addresses are looked up again each time. */
export async function commonPolicy(options: CommonOptions): Promise<Pick<Policy, 'everyone' | 'resolvers'>> {
  const [api, text] = await Promise.all([
    destinationsOf(options.publicUrl),
    readFile(options.resolvConf ?? '/etc/resolv.conf', 'utf8').catch(() => ''),
  ]);
  return { everyone: [...api, ...options.allow], resolvers: resolversIn(text) };
}

/** Address and port of a URL's host; none when nobody knows the host now. */
export async function destinationsOf(url: string): Promise<Destination[]> {
  const { hostname, port, protocol } = new URL(url);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const number = Number(port || (protocol === 'https:' ? 443 : 80));
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => single(address, number)).sort((a, b) => (a.network < b.network ? -1 : 1));
}

function single(address: string, port: number): Destination {
  const plain = withoutZone(address);
  return { network: `${plain}/${isIP(plain) === 6 ? 128 : 32}`, firstPort: port, lastPort: port };
}

/** The addresses behind `nameserver`, without zones. */
export function resolversIn(text: string): string[] {
  const found = text.split('\n').flatMap((line) => {
    const [, address = ''] = /^\s*nameserver\s+(\S+)/.exec(line) ?? [];
    const plain = withoutZone(address);
    return isIP(plain) ? [plain] : [];
  });
  return [...new Set(found)];
}

function withoutZone(address: string): string {
  return address.replace(/%.*$/, '');
}
