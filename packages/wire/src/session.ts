import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Done, Email, Id, None, Password, PathNumber, Role, Time, Token } from './fields.ts';

export const Session = z
  .strictObject({
    id: Id,
    createdAt: Time,
    seenAt: Time,
    endsAt: Time,
    address: z.string().nullable(),
    /** The browser's own words for itself. */
    client: z.string().nullable(),
    /** The session of this very request. */
    isCurrent: z.boolean(),
  })
  .meta({ id: 'Session' });

export const SignedIn = z
  .strictObject({
    user: z.strictObject({ id: Id, name: z.string() }),
    /** For the header `X-CSRF-Token` of everything that changes something. */
    csrfToken: z.string(),
    session: Session,
    /** Whether the user has a password; who has none should set one. */
    hasPassword: z.boolean(),
  })
  .meta({ id: 'SignedIn' });

export const Me = z
  .strictObject({
    name: z.string(),
    /** Null for a key that belongs to no user. */
    user: Id.nullable(),
    /** An address that the user has shown to be its own. */
    email: z.string().nullable(),
    staff: z.boolean(),
    organisations: z.array(z.strictObject({ id: Id, name: z.string(), role: Role })),
    projects: z.array(
      z.strictObject({
        id: Id,
        name: z.string(),
        organisation: z.strictObject({ id: Id, name: z.string() }),
        /** The mightiest of what the caller is there. */
        role: Role,
      }),
    ),
    /** Null when the caller shows a key, which needs none. */
    csrfToken: z.string().nullable(),
  })
  .meta({ id: 'Me' });

/** A name with its password, or the token of a link that signs in. */
const Credentials = z
  .strictObject({
    name: z.string().min(1).max(255).optional(),
    password: Password.optional(),
    token: Token.optional(),
  })
  .meta({ id: 'Credentials' });

const SignInWays = z
  .strictObject({
    /** Whether links are mailed: for a forgotten password, for invitations. */
    mail: z.boolean(),
    /** The provider of OpenID Connect that may be asked who somebody is, as people call it. */
    openId: z.strictObject({ name: z.string() }).nullable(),
  })
  .meta({ id: 'SignInWays' });

const SessionList = z.strictObject({ sessions: z.array(Session) }).meta({ id: 'SessionList' });
const Ended = z.strictObject({ ended: z.int() }).meta({ id: 'Ended' });

export const sessionContracts = {
  readSignInWays: contract({
    id: 'readSignInWays',
    method: 'get',
    path: '/sign-in',
    summary: 'Which ways there are to sign in, beside a name with its password and links',
    params: None,
    query: None,
    body: null,
    reply: SignInWays,
    errors: READ_ERRORS,
    isOpen: true,
  }),
  readSession: contract({
    id: 'readSession',
    method: 'get',
    path: '/session',
    summary: 'The session that the cookie stands for',
    params: None,
    query: None,
    body: null,
    reply: SignedIn,
    errors: READ_ERRORS,
  }),
  signIn: contract({
    id: 'signIn',
    method: 'post',
    path: '/session',
    summary: 'Sign in with a name and a password, or by a link; the session comes as a cookie',
    params: None,
    query: None,
    body: Credentials,
    reply: SignedIn,
    errors: WRITE_ERRORS,
    isOpen: true,
  }),
  signOut: contract({
    id: 'signOut',
    method: 'delete',
    path: '/session',
    summary: 'End the session that the cookie stands for',
    params: None,
    query: None,
    body: null,
    reply: Done,
    errors: READ_ERRORS,
  }),
  listSessions: contract({
    id: 'listSessions',
    method: 'get',
    path: '/sessions',
    summary: 'Where the caller is signed in',
    params: None,
    query: None,
    body: null,
    reply: SessionList,
    errors: READ_ERRORS,
  }),
  endSession: contract({
    id: 'endSession',
    method: 'delete',
    path: '/sessions/:session',
    summary: "End one of the caller's sessions",
    params: z.strictObject({ session: PathNumber }),
    query: None,
    body: null,
    reply: Done,
    errors: READ_ERRORS,
  }),
  endOtherSessions: contract({
    id: 'endOtherSessions',
    method: 'delete',
    path: '/sessions',
    summary: "End the caller's sessions, except the one of this request",
    params: None,
    query: None,
    body: null,
    reply: Ended,
    errors: READ_ERRORS,
  }),
  readMe: contract({
    id: 'readMe',
    method: 'get',
    path: '/me',
    summary: 'Who the caller is, and what it is in which organisations and projects',
    params: None,
    query: None,
    body: null,
    reply: Me,
    errors: READ_ERRORS,
  }),
  changePassword: contract({
    id: 'changePassword',
    method: 'put',
    path: '/me/password',
    summary: "Change the caller's password; its other sessions end",
    params: None,
    query: None,
    body: z.strictObject({
      /** Needed by who has one. */
      current: Password.optional(),
      password: Password,
    }),
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  changeEmail: contract({
    id: 'changeEmail',
    method: 'put',
    path: '/me/email',
    summary: "Mail a link to an address, which becomes the caller's by that",
    params: None,
    query: None,
    body: z.strictObject({
      email: Email,
      /** The password, needed by who has one. */
      current: Password.optional(),
    }),
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  confirmEmail: contract({
    id: 'confirmEmail',
    method: 'post',
    path: '/me/email/confirmation',
    summary: 'Take the address of a link that was mailed there',
    params: None,
    query: None,
    body: z.strictObject({ token: Token }),
    reply: Done,
    errors: WRITE_ERRORS,
  }),
};
