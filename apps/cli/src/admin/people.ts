import { accountErrors, COMMAND, linkTo, makeInvitation, makeUserLink } from '@spiderhub/core';
import { UserError } from '@spiderhub/hosting';
import { command, created } from './command.ts';
import { optional, required, toggle } from './options.ts';
import { emailAddress, emailAddressOrNone, knownName, newName, positive, role } from './readers.ts';
import { SERVICE_LIMITS, setLimits } from './service-limits.ts';

export const ORGANISATION_COMMANDS = [
  command('organisation create', { name: required('NAME', newName) }, async ({ name }, { admin }) =>
    created(await admin.createOrganisation(name)),
  ),
  command('organisation list', {}, (_, { admin }) => admin.listOrganisations()),
  // Without a change, what holds is only shown.
  command(
    'organisation limits',
    { name: required('NAME', knownName), ...SERVICE_LIMITS },
    async ({ name, limit }, stores) => {
      const organisation = await stores.admin.organisationNumber(name);
      return { organisation: name, service: await setLimits(stores, { organisation }, limit) };
    },
  ),
];

export const USER_COMMANDS = [
  command('user create', { name: required('NAME', newName) }, async ({ name }, { admin }) =>
    created(await admin.createUser(name)),
  ),
  command(
    'user link',
    { name: required('NAME', knownName), password: toggle },
    async ({ name, password }, { accounts, links, site }) => {
      const user = await accounts.byName(name);
      if (!user) throw accountErrors.notFound('user', name);
      const kind = password ? 'password' : 'sign-in';
      const { token, expiresAt } = await makeUserLink(links, COMMAND, kind, user.id);
      return { user: name, link: linkTo(site, kind, token), expiresAt };
    },
  ),
  command(
    'user email',
    { name: required('NAME', knownName), email: required('ADDRESS|none', emailAddressOrNone) },
    async ({ name, email }, { accounts }) => {
      const user = await accounts.byName(name);
      if (!user) throw accountErrors.notFound('user', name);
      await accounts.setEmail(COMMAND, user.id, email);
      return { user: name, email };
    },
  ),
  command('user staff', { name: required('NAME', knownName), off: toggle }, ({ name, off }, { admin }) =>
    admin.setStaff(name, !off),
  ),
  command('user list', {}, (_, { admin }) => admin.listUsers()),
];

export const MEMBER_COMMANDS = [
  command(
    'member add',
    {
      organisation: required('NAME', knownName),
      user: required('NAME', knownName),
      role: optional('ROLE', role),
    },
    async (wanted, { admin }) =>
      created(await admin.addMember(wanted.organisation, wanted.user, wanted.role)),
  ),
  command('member list', {}, (_, { admin }) => admin.listMembers()),
];

/** Links for people who make an account of their own, or bring one along. */
export const INVITATION_COMMANDS = [
  command(
    'invite create',
    {
      organisation: optional('NAME', knownName),
      project: optional('NUMBER', positive),
      role: required('ROLE', role),
      email: optional('ADDRESS', emailAddress),
    },
    async (wanted, { admin, links, site }) => {
      const { organisation, project, email } = wanted;
      if ((organisation === undefined) === (project === undefined)) {
        throw new UserError('An invitation is for an --organisation or for a --project');
      }
      const place =
        project === undefined
          ? { organisation: await admin.organisationNumber(organisation ?? '') }
          : { project };
      const { token, expiresAt } = await makeInvitation(
        links,
        COMMAND,
        place,
        wanted.role,
        // It is handed on by who calls, so that having it shows no address.
        email === undefined ? null : { email, mailed: false },
      );
      return { ...wanted, link: linkTo(site, 'invitation', token), expiresAt };
    },
  ),
];
