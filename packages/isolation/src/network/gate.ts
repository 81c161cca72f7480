import { BlockList, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { type Destination, isPublicAddress } from '@spiderhub/core';
import type { Policy } from './policy.ts';

/** Whether a crawl may connect to an address (in its usual form) and a TCP port. */
export type Gate = (address: string, port: number) => boolean;

/**
 * The same as the rules say, for who connects on behalf of a project's crawls: public addresses but not this machine's
 * own, and what is allowed. Name servers are not: who asks this gate looks names up itself.
 */
export function gateOf(policy: Policy, project: number): Gate {
  const allowed = [...policy.everyone, ...(policy.projects.get(project) ?? [])].map(matcher);
  return (address, port) =>
    allowed.some((matches) => matches(address, port)) || (isPublicAddress(address) && !isOwn(address));
}

function matcher({ network, firstPort, lastPort }: Destination): Gate {
  const [first, bits] = network.split('/') as [string, string];
  const list = new BlockList();
  list.addSubnet(first, Number(bits), familyOf(first));
  return (address, port) =>
    port >= firstPort && port <= lastPort && !address.includes('%') && list.check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}

/** Addresses come and go, so they are asked for each time; it takes some microseconds. */
function isOwn(address: string): boolean {
  return Object.values(networkInterfaces()).some((all) => all?.some((own) => own.address === address));
}
