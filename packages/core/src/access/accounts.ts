import { accessErrors, accountErrors, requestErrors } from '../errors.ts';
import type { AccountStore } from '../ports/account-store.ts';
import type { Link, LinkStore, UserLink } from '../ports/link-store.ts';
import type { Actor } from './actor.ts';
import type { Letters, Recipient } from './letters.ts';
import { checkNewPassword } from './password-policy.ts';
import { hashPassword } from './passwords.ts';
import type { SignIn } from './sign-in.ts';
import { hashToken, newToken } from './tokens.ts';

/** How long a link for a password or for signing in is good, ms. */
export const USER_LINK_MS = 24 * 3600_000;

/** A link as it is handed on: the token is shown this one time. */
export interface MadeLink {
  token: string;
  expiresAt: Date;
}

/** Users' own business: their names and passwords, and the links that stand for these. */
export interface Accounts {
  /**
   * Sets the password of the actor; `current` is asked for when there is one. All other sessions of it end. Throws what
   * `SignIn.check` throws for a wrong one, `invalid` for a new one that is too easy.
   */
  changePassword(actor: Actor, current: string | undefined, password: string): Promise<void>;
  /** Whether the user signs in with a password. */
  hasPassword(user: number): Promise<boolean>;
  /** The address that the user has shown to be its own, or null. */
  emailOf(user: number): Promise<string | null>;
  /**
   * Mails a link to an address, which is the actor's once it has been used. Asks for the password as `changePassword` does:
   * who has the address sets another one. Throws the same, and what `Letters` throw.
   */
  askForEmail(actor: Actor, current: string | undefined, to: Recipient): Promise<void>;
  /**
   * Takes the address of a link that was mailed there and that the actor asked for: nobody else's click gives away an
   * address. Throws `not_found`, `conflict`.
   */
  confirmEmail(actor: Actor, token: string): Promise<void>;
  /** A link by which its holder sets a password for the user, who may have forgotten the old one, or signs in. */
  linkFor(actor: Actor, kind: 'password' | 'sign-in', user: number): Promise<MadeLink>;
  /** What a link is for. Throws `not_found` for one that is not good. */
  look(token: string): Promise<Link>;
  /** Sets a password by a link, and ends all sessions of its user. Throws `not_found`, or `invalid` (and nothing is used up). */
  setByLink(actor: Actor, token: string, password: string): Promise<{ user: number; name: string }>;
  /** Who signs in by a link. Throws `not_found`. */
  signInByLink(actor: Actor, token: string): Promise<{ user: number; name: string }>;
  /** Makes a user that has been invited. Throws `not_found`, `conflict` for a name that is taken, `invalid`. */
  createByInvitation(actor: Actor, token: string, name: string, password: string): Promise<{ user: number }>;
  /** Lets the actor take an invitation. Throws `not_found`. */
  accept(actor: Actor, token: string): Promise<void>;
}

/** A link by which its holder sets a password for the user, or signs in as it. */
export async function makeUserLink(
  links: LinkStore,
  actor: Actor,
  kind: UserLink,
  user: number,
  email: string | null = null,
): Promise<MadeLink> {
  const token = newToken();
  return { token, ...(await links.forUser(actor, kind, user, hashToken(token), USER_LINK_MS, email)) };
}

export function createAccounts(
  accounts: AccountStore,
  links: LinkStore,
  signIn: SignIn,
  letters: Letters,
): Accounts {
  async function look(token: string): Promise<Link> {
    const link = await links.look(hashToken(token));
    if (!link) throw accountErrors.badLink();
    return link;
  }

  async function named({ user }: { user: number }): Promise<{ user: number; name: string }> {
    const account = await accounts.byNumber(user);
    if (!account) throw accountErrors.badLink();
    return { user, name: account.name };
  }

  /** The actor's account, when it has shown the password that it may have. */
  async function shown(actor: Actor, current: string | undefined) {
    const account = actor.user === null ? null : await accounts.byNumber(actor.user);
    if (!account) throw accessErrors.forbidden('only users have a password');
    const { name, passwordHash } = account;
    if (passwordHash === null) return account;
    if (current === undefined) throw requestErrors.invalid('current', 'is required');
    await signIn.check({ name, password: current, address: actor.address ?? '', client: actor.client });
    return account;
  }

  return {
    look,
    hasPassword: async (user) => ((await accounts.byNumber(user))?.passwordHash ?? null) !== null,
    emailOf: async (user) => (await accounts.byNumber(user))?.email ?? null,
    async askForEmail(actor, current, to) {
      if (!letters.canSend) throw accountErrors.noMail();
      const { id, name } = await shown(actor, current);
      await letters.address(to, await makeUserLink(links, actor, 'email', id, to.email), name);
    },
    async confirmEmail(actor, token) {
      if (!(await links.takeEmail(actor, hashToken(token)))) throw accountErrors.badLink();
    },
    async changePassword(actor, current, password) {
      const { id, name } = await shown(actor, current);
      checkNewPassword(password, name);
      await accounts.setPassword(actor, id, await hashPassword(password), actor.session);
    },
    linkFor: (actor, kind, user) => makeUserLink(links, actor, kind, user),
    async setByLink(actor, token, password) {
      const link = await look(token);
      if (link.kind !== 'password') throw accountErrors.badLink();
      checkNewPassword(password, link.user);
      const used = await links.takePassword(actor, hashToken(token), await hashPassword(password));
      if (!used) throw accountErrors.badLink();
      return named(used);
    },
    async signInByLink(actor, token) {
      const used = await links.takeSignIn(actor, hashToken(token));
      if (!used) throw accountErrors.badLink();
      return named(used);
    },
    async createByInvitation(actor, token, name, password) {
      const { kind } = await look(token);
      if (kind !== 'invitation') throw accountErrors.badLink();
      checkNewPassword(password, name);
      const guest = { name, passwordHash: await hashPassword(password) };
      const made = await links.accept(actor, hashToken(token), guest);
      if (!made) throw accountErrors.badLink();
      return made;
    },
    async accept(actor, token) {
      const { user } = actor;
      if (user === null) throw accessErrors.forbidden('only users take invitations');
      if (!(await links.accept(actor, hashToken(token), { user }))) throw accountErrors.badLink();
    },
  };
}
