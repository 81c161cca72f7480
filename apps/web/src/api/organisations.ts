import type {
  makePasswordLink as makePasswordLinkContract,
  organisationContracts,
  organisationMembers,
  projectContracts,
  projectMembers,
} from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Organisations = typeof organisationContracts;
type Projects = typeof projectContracts;
type OfOrganisation = typeof organisationMembers;
type OfProject = typeof projectMembers;

export type Organisation = ReplyOf<Organisations['readOrganisation']>;
export type Project = ReplyOf<Projects['readProject']>;
export type Member = ReplyOf<OfOrganisation['list']>['members'][number];
export type Role = Member['role'];

export const ROLES: readonly Role[] = ['owner', 'admin', 'developer', 'operator', 'reader'];

export const listOrganisations = operation<Organisations['listOrganisations']>(
  'listOrganisations',
  'get',
  '/organisations',
);
export const readOrganisation = operation<Organisations['readOrganisation']>(
  'readOrganisation',
  'get',
  '/organisations/:organisation',
);
export const createProject = operation<Projects['createProject']>(
  'createProject',
  'post',
  '/organisations/:organisation/projects',
);
export const listProjects = operation<Projects['listProjects']>('listProjects', 'get', '/projects');
export const readProject = operation<Projects['readProject']>('readProject', 'get', '/projects/:project');
export const changeProject = operation<Projects['changeProject']>(
  'changeProject',
  'patch',
  '/projects/:project',
);
export const makePasswordLink = operation<typeof makePasswordLinkContract>(
  'makePasswordLink',
  'post',
  '/organisations/:organisation/members/:user/password-link',
);

/** The same operations for an organisation and for a project. */
export const organisationPeople = {
  list: operation<OfOrganisation['list']>(
    'listOrganisationMembers',
    'get',
    '/organisations/:organisation/members',
  ),
  change: operation<OfOrganisation['change']>(
    'changeOrganisationMember',
    'patch',
    '/organisations/:organisation/members/:user',
  ),
  remove: operation<OfOrganisation['remove']>(
    'removeOrganisationMember',
    'delete',
    '/organisations/:organisation/members/:user',
  ),
  invitations: operation<OfOrganisation['invitations']>(
    'listOrganisationInvitations',
    'get',
    '/organisations/:organisation/invitations',
  ),
  invite: operation<OfOrganisation['invite']>(
    'inviteToOrganisation',
    'post',
    '/organisations/:organisation/invitations',
  ),
  withdraw: operation<OfOrganisation['withdraw']>(
    'withdrawOrganisationInvitation',
    'delete',
    '/organisations/:organisation/invitations/:invitation',
  ),
};

export const projectPeople = {
  list: operation<OfProject['list']>('listProjectMembers', 'get', '/projects/:project/members'),
  change: operation<OfProject['change']>('changeProjectMember', 'patch', '/projects/:project/members/:user'),
  remove: operation<OfProject['remove']>('removeProjectMember', 'delete', '/projects/:project/members/:user'),
  invitations: operation<OfProject['invitations']>(
    'listProjectInvitations',
    'get',
    '/projects/:project/invitations',
  ),
  invite: operation<OfProject['invite']>('inviteToProject', 'post', '/projects/:project/invitations'),
  withdraw: operation<OfProject['withdraw']>(
    'withdrawProjectInvitation',
    'delete',
    '/projects/:project/invitations/:invitation',
  ),
};
