import { z } from 'zod';
import { contract } from './contract.ts';
import { WRITE_ERRORS } from './errors.ts';
import { Done, Email, Id, Name, None, Password, Role, Time, Token } from './fields.ts';
import { SignedIn } from './session.ts';

const Named = z.strictObject({ id: Id, name: z.string() });

export const Link = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('invitation'),
      organisation: Named,
      /** Null: all of the organisation. */
      project: Named.nullable(),
      role: Role,
      expiresAt: Time,
    }),
    z.strictObject({ kind: z.enum(['password', 'sign-in', 'email']), user: z.string(), expiresAt: Time }),
  ])
  .meta({ id: 'Link' });

/** What follows from a link that somebody was handed. The token travels in bodies: addresses are logged. */
export const linkContracts = {
  readLink: contract({
    id: 'readLink',
    method: 'post',
    path: '/links/look',
    summary: 'What a link is for; it is not used up',
    params: None,
    query: None,
    body: z.strictObject({ token: Token }),
    reply: Link,
    errors: WRITE_ERRORS,
    isOpen: true,
  }),
  createAccount: contract({
    id: 'createAccount',
    method: 'post',
    path: '/accounts',
    summary: 'Take an invitation as a new user, who is then signed in',
    params: None,
    query: None,
    body: z.strictObject({ token: Token, name: Name, password: Password }),
    reply: SignedIn,
    errors: WRITE_ERRORS,
    isOpen: true,
  }),
  acceptInvitation: contract({
    id: 'acceptInvitation',
    method: 'post',
    path: '/me/invitations',
    summary: 'Take an invitation as the user who is signed in',
    params: None,
    query: None,
    body: z.strictObject({ token: Token }),
    reply: Done,
    errors: WRITE_ERRORS,
  }),
  askForPassword: contract({
    id: 'askForPassword',
    method: 'post',
    path: '/links/forgotten',
    summary:
      'Mail a link for a new password to an address; the answer is the same whether a user has it or not',
    params: None,
    query: None,
    body: z.strictObject({ email: Email }),
    reply: Done,
    errors: WRITE_ERRORS,
    isOpen: true,
  }),
  setPassword: contract({
    id: 'setPassword',
    method: 'post',
    path: '/links/password',
    summary: 'Set a password by a link; all sessions of its user end, and a new one begins',
    params: None,
    query: None,
    body: z.strictObject({ token: Token, password: Password }),
    reply: SignedIn,
    errors: WRITE_ERRORS,
    isOpen: true,
  }),
};
