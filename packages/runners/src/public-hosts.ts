import { lookup } from 'node:dns/promises';
import { DomainError, isPublicAddress, type Requirement } from '@spiderhub/core';

/** All addresses of a host, as this machine finds them. */
type Resolve = (host: string) => Promise<{ address: string }[]>;

const resolveAll: Resolve = (host) => lookup(host, { all: true });

/**
 * Throws `invalid` when the host of a direct URL leads to an address that is not public. Only a name whose addresses are
 * all public is good, or one that nobody here knows: there may be a proxy that does, and else pip will say so. What the
 * name leads to a moment later is for the walls around pip.
 */
export async function requirePublicHosts(
  requirements: readonly Requirement[],
  resolve: Resolve = resolveAll,
): Promise<void> {
  const direct = requirements.filter(({ host }) => host !== null);
  const hosts = new Set(direct.map(({ host }) => host as string));
  const bad = await Promise.all(
    [...hosts].map(async (host) => ((await isPublic(host, resolve)) ? [] : [host])),
  );
  const requirement = direct.find(({ host }) => bad.flat().includes(host as string));
  if (!requirement) return;
  throw new DomainError(
    'invalid',
    'bad_requirements',
    `requirements: line ${requirement.line}: the host ${requirement.host} is not a public one`,
  );
}

async function isPublic(host: string, resolve: Resolve): Promise<boolean> {
  const found = await resolve(host).catch(() => []);
  return found.every(({ address }) => isPublicAddress(address));
}
