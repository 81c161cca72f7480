import {
  type Accounts,
  type ApiKeys,
  createAccounts,
  createApiKeys,
  createForgotten,
  createLetters,
  createMemberships,
  createOpenIdSignIn,
  createSessions,
  createSignIn,
  type FailureCounts,
  type Forgotten,
  type IdentityProvider,
  type Letters,
  type LinkStore,
  type Mailer,
  type MemberStore,
  type Memberships,
  type OpenIdRules,
  type OpenIdSignIn,
  type Refusals,
  type Sessions,
  type SignIn,
} from '@spiderhub/core';
import {
  createAccountStore,
  createIdentityStore,
  createKeyStore,
  createLinkStore,
  createMemberStore,
  createSessionStore,
  type Database,
  sharedSecret,
} from '@spiderhub/db';
import type { Logger } from '@spiderhub/platform';
import { createThrottle } from '../http/throttle.ts';

/** Users, where they are signed in, and what they are where. */
export interface People {
  sessions: Sessions;
  signIn: SignIn;
  /** Null where no provider is set up. */
  openId: OpenIdSignIn | null;
  accounts: Accounts;
  letters: Letters;
  forgotten: Forgotten;
  members: MemberStore;
  memberships: Memberships;
  links: LinkStore;
  keys: ApiKeys;
}

/** What people stand on. */
export interface PeopleGround {
  database: Database;
  /** Where all processes of the API count wrong passwords together. */
  failureCounts?: FailureCounts | undefined;
  /** Null, or absent: no mail is sent. */
  mailer?: Mailer | null;
  /** Null, or absent: nobody signs in by OpenID Connect. */
  openId?: { provider: IdentityProvider; rules: OpenIdRules } | null;
  log: Logger;
}

/** Wrong passwords for one name from one address in a minute, before it has to wait. */
const WRONG_PASSWORDS = 10;

/** Links for forgotten passwords that one address may ask for in a minute, and that one user is mailed in an hour. */
const FORGOTTEN = { byAsker: 10, ofUser: 3, userWindowMs: 3_600_000 };

export async function peopleOf(
  { database, failureCounts, mailer = null, openId = null, log }: PeopleGround,
  refusals: Refusals,
): Promise<People> {
  const accountStore = createAccountStore(database);
  const links = createLinkStore(database);
  const members = createMemberStore(database);
  const patience = createThrottle({
    limit: WRONG_PASSWORDS,
    loopbackLimit: WRONG_PASSWORDS,
    shared: failureCounts,
  });
  const secret = await sharedSecret(database, 'device');
  const signIn = createSignIn({ accounts: accountStore, patience, secret, refusals });
  const letters = createLetters(mailer);
  const accounts = createAccounts(accountStore, links, signIn, letters);
  return {
    sessions: createSessions(createSessionStore(database)),
    signIn,
    openId:
      openId &&
      createOpenIdSignIn({
        ...openId,
        identities: createIdentityStore(database),
        accounts: accountStore,
        links,
        refusals,
      }),
    accounts,
    letters,
    forgotten: createForgotten({
      accounts: accountStore,
      links,
      letters,
      patience: forgottenPatience(failureCounts),
      onError: (err) => log.warn({ err }, 'a link for a forgotten password could not be mailed'),
    }),
    members,
    memberships: createMemberships({ members, links, accounts, letters }),
    links,
    keys: createApiKeys(createKeyStore(database), members),
  };
}

function forgottenPatience(shared: FailureCounts | undefined) {
  const { byAsker, ofUser, userWindowMs } = FORGOTTEN;
  const counted = (limit: number, windowMs?: number) =>
    createThrottle({ limit, loopbackLimit: limit, shared, ...(windowMs && { windowMs }) });
  return { ofAskers: counted(byAsker), ofAddresses: counted(ofUser, userWindowMs) };
}
