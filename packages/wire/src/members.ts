import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Done, Email, Id, None, OfOrganisation, OfProject, PathNumber, Role, Time } from './fields.ts';

export const Member = z
  .strictObject({
    user: Id,
    name: z.string(),
    role: Role,
    since: Time,
    /** When the user was seen last, to the minute; null for who is not signed in. */
    seenAt: Time.nullable(),
  })
  .meta({ id: 'Member' });

export const Invitation = z
  .strictObject({
    id: Id,
    role: Role,
    /** Whom it is for, when that was said. */
    email: z.string().nullable(),
    madeBy: z.string(),
    createdAt: Time,
    expiresAt: Time,
  })
  .meta({ id: 'Invitation' });

/** A link to hand on. It is shown this one time, works once, and whoever has it can use it. */
export const MadeLink = z
  .strictObject({ link: z.string(), token: z.string(), expiresAt: Time })
  .meta({ id: 'MadeLink' });

/** An invitation to hand on, or one that was mailed. */
export const Invited = z
  .strictObject({
    /** Null when it was mailed: whoever has it can use it. */
    link: z.string().nullable(),
    token: z.string().nullable(),
    /** Null when no mail is set up, or no address was given. */
    mailedTo: z.string().nullable(),
    expiresAt: Time,
  })
  .meta({ id: 'Invited' });

const MemberList = z.strictObject({ members: z.array(Member) }).meta({ id: 'MemberList' });
const InvitationList = z.strictObject({ invitations: z.array(Invitation) }).meta({ id: 'InvitationList' });

/** Organisations and projects have members in the same way: all operations of one of them. */
function contractsOf<P extends z.ZodObject>(place: 'Organisation' | 'Project', path: string, params: P) {
  const member = params.extend({ user: PathNumber });
  const invitation = params.extend({ invitation: PathNumber });
  const noun = place === 'Organisation' ? 'an organisation' : 'a project';
  const shared = { query: None, errors: WRITE_ERRORS };
  return {
    list: contract({
      ...shared,
      id: `list${place}Members`,
      method: 'get',
      path: `${path}/members`,
      summary: `Who is what in ${noun}`,
      params,
      body: null,
      reply: MemberList,
      errors: READ_ERRORS,
    }),
    change: contract({
      ...shared,
      id: `change${place}Member`,
      method: 'patch',
      path: `${path}/members/:user`,
      summary: `Change what a member of ${noun} is`,
      params: member,
      body: z.strictObject({ role: Role }),
      reply: Done,
    }),
    remove: contract({
      ...shared,
      id: `remove${place}Member`,
      method: 'delete',
      path: `${path}/members/:user`,
      summary: `Remove a member of ${noun}`,
      params: member,
      body: null,
      reply: Done,
    }),
    invitations: contract({
      ...shared,
      id: `list${place}Invitations`,
      method: 'get',
      path: `${path}/invitations`,
      summary: `Invitations to ${noun} that still wait`,
      params,
      body: null,
      reply: InvitationList,
      errors: READ_ERRORS,
    }),
    invite: contract({
      ...shared,
      id: `inviteTo${place}`,
      method: 'post',
      path: `${path}/invitations`,
      summary: `Invite somebody to ${noun}`,
      params,
      body: z.strictObject({
        role: Role,
        /** Whom it is for. Where mail is set up it goes there, and the answer does not hold it. */
        email: Email.optional(),
      }),
      reply: Invited,
    }),
    withdraw: contract({
      ...shared,
      id: `withdraw${place}Invitation`,
      method: 'delete',
      path: `${path}/invitations/:invitation`,
      summary: `Take back an invitation to ${noun}`,
      params: invitation,
      body: null,
      reply: Done,
    }),
  };
}

export const organisationMembers = contractsOf(
  'Organisation',
  '/organisations/:organisation',
  OfOrganisation,
);
export const projectMembers = contractsOf('Project', '/projects/:project', OfProject);

export const makePasswordLink = contract({
  id: 'makePasswordLink',
  method: 'post',
  path: '/organisations/:organisation/members/:user/password-link',
  summary: 'A link by which a member who forgot the password sets another one',
  params: OfOrganisation.extend({ user: PathNumber }),
  query: None,
  body: None,
  reply: MadeLink,
  errors: WRITE_ERRORS,
});
