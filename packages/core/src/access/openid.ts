import type { Refusals } from '../audit/refusals.ts';
import { accessErrors, accountErrors, DomainError } from '../errors.ts';
import type { AccountStore } from '../ports/account-store.ts';
import type { Identity, IdentityProvider, OpenIdFlow } from '../ports/identity-provider.ts';
import type { IdentityStore, Known } from '../ports/identity-store.ts';
import type { LinkStore } from '../ports/link-store.ts';
import type { Actor } from './actor.ts';
import { hashToken } from './tokens.ts';

/** Whom an installation lets in by OpenID Connect. */
export interface OpenIdRules {
  /** What people call the provider: `Example Inc.` */
  name: string;
  /** Domains of verified addresses; empty: every one, and none is needed. */
  domains: readonly string[];
  /** Groups, of which one is needed; empty: none is. */
  groups: readonly string[];
  /** Whether whoever the provider knows becomes a user, or only who was invited. */
  newUsers: 'invited' | 'anybody';
}

export interface OpenIdParts {
  provider: IdentityProvider;
  identities: IdentityStore;
  accounts: Pick<AccountStore, 'byEmail'>;
  links: LinkStore;
  rules: OpenIdRules;
  /** Hears of who was not let in. */
  refusals?: Pick<Refusals, 'note'>;
}

/** Signing in by a provider of OpenID Connect. */
export interface OpenIdSignIn {
  /** What people call the provider. */
  name: string;
  /** Where the browser goes. Throws `unavailable`. */
  begin(redirectTo: string): Promise<{ url: string; flow: OpenIdFlow }>;
  /**
   * Who came back to `address`: the user with this identity, else the one with the verified address, else a new one that
   * was invited, by the token of a link or by the verified address, or whom the rules let in. Throws `unauthenticated` for
   * a wrong answer, `forbidden` for whom the rules keep out, `not_found` for a link that is not good, `conflict` for a name
   * that is taken.
   */
  finish(actor: Actor, address: URL, flow: OpenIdFlow, invitation: string | null): Promise<Known>;
}

const MAX_NAME = 255;

export function createOpenIdSignIn(parts: OpenIdParts): OpenIdSignIn {
  const { provider, identities, accounts, links, rules, refusals } = parts;

  /** Whose identity it is, or becomes by the address that both sides have verified. */
  async function knownBy(actor: Actor, identity: Identity): Promise<Known | null> {
    const known = await identities.find(identity);
    if (known || identity.email === null) return known;
    const account = await accounts.byEmail(identity.email);
    if (!account) return null;
    await identities.add(actor, account.id, identity);
    return { user: account.id, name: account.name };
  }

  async function admitted(actor: Actor, identity: Identity, invitation: string | null): Promise<Known> {
    const { email } = identity;
    const guest = { name: nameFor(identity), email, identity };
    if (invitation !== null) {
      const made = await identities.admit(actor, guest, { tokenHash: hashToken(invitation) });
      if (!made) throw accountErrors.badLink();
      return made;
    }
    const invited = email === null ? null : await identities.admit(actor, guest, { email });
    if (invited) return invited;
    const made = rules.newUsers === 'anybody' ? await identities.admit(actor, guest, 'anybody') : null;
    if (!made) throw openIdErrors.notInvited();
    return made;
  }

  async function entered(actor: Actor, identity: Identity, invitation: string | null): Promise<Known> {
    checkRules(identity, rules);
    const known = await knownBy(actor, identity);
    if (!known) return admitted(actor, identity, invitation);
    const taken = invitation === null || (await links.accept(actor, hashToken(invitation), known));
    if (!taken) throw accountErrors.badLink();
    return known;
  }

  function note(actor: Actor, identity: Identity | null, { message }: DomainError): void {
    const object = identity ? `identity ${identity.subject} of ${identity.issuer}` : '';
    refusals?.note({ actor, action: 'sign-in', place: null, object, why: message });
  }

  return {
    name: rules.name,
    begin: provider.begin,
    async finish(actor, address, flow, invitation) {
      let identity: Identity | null = null;
      try {
        identity = await provider.finish(address, flow);
        return await entered(actor, identity, invitation);
      } catch (error) {
        if (error instanceof DomainError && error.kind !== 'unavailable') note(actor, identity, error);
        throw error;
      }
    },
  };
}

function checkRules({ email, groups }: Identity, rules: OpenIdRules): void {
  const domain = email?.slice(email.lastIndexOf('@') + 1).toLowerCase();
  const isOfDomain = rules.domains.length === 0 || (domain !== undefined && rules.domains.includes(domain));
  const isOfGroup = rules.groups.length === 0 || groups.some((group) => rules.groups.includes(group));
  if (!isOfDomain || !isOfGroup) throw openIdErrors.keptOut();
}

/** The verified address, since others could call themselves like somebody else. */
function nameFor({ email, name, subject }: Identity): string {
  const shown = (email ?? name ?? subject).replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '').trim();
  return (shown === '' ? subject : shown).slice(0, MAX_NAME);
}

export const openIdErrors = {
  /** One answer for all that is wrong with what came back: the browser starts anew. */
  failed: (cause?: unknown) =>
    new DomainError('unauthenticated', 'openid_failed', 'Signing in there did not work: begin anew', {
      cause,
    }),
  notInvited: () =>
    new DomainError('forbidden', 'not_invited', 'Nobody has invited you yet: ask an admin for an invitation'),
  keptOut: () => accessErrors.forbidden('This service lets in other people of your provider only'),
  notSetUp: () =>
    new DomainError(
      'conflict',
      'no_openid',
      'This service knows no OpenID provider: sign in with a password',
    ),
};
