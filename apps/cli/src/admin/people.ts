import { command, created } from './command.ts';
import { optional, required } from './options.ts';
import { knownName, newName, role } from './readers.ts';

export const ORGANISATION_COMMANDS = [
  command('organisation create', { name: required('NAME', newName) }, async ({ name }, { admin }) =>
    created(await admin.createOrganisation(name)),
  ),
  command('organisation list', {}, (_, { admin }) => admin.listOrganisations()),
];

export const USER_COMMANDS = [
  command('user create', { name: required('NAME', newName) }, async ({ name }, { admin }) =>
    created(await admin.createUser(name)),
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
