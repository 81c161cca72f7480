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

const ORGANISATION = '/organisations/:organisation';
const PROJECT = '/projects/:project';

export const listOrganisations = operation<Organisations['listOrganisations']>(
  'listOrganisations',
  'get',
  '/organisations',
);
export const readOrganisation = operation<Organisations['readOrganisation']>(
  'readOrganisation',
  'get',
  ORGANISATION,
);
export const createProject = operation<Projects['createProject']>(
  'createProject',
  'post',
  `${ORGANISATION}/projects`,
);
export const listProjects = operation<Projects['listProjects']>('listProjects', 'get', '/projects');
export const readProject = operation<Projects['readProject']>('readProject', 'get', PROJECT);
export const changeProject = operation<Projects['changeProject']>('changeProject', 'patch', PROJECT);
export const makePasswordLink = operation<typeof makePasswordLinkContract>(
  'makePasswordLink',
  'post',
  `${ORGANISATION}/members/:user/password-link`,
);

/** Members and invitations: an organisation and a project have them in the same way. */
function peopleOf<C extends OfOrganisation | OfProject>(place: 'Organisation' | 'Project') {
  const path = place === 'Organisation' ? ORGANISATION : PROJECT;
  return {
    list: operation<C['list']>(`list${place}Members`, 'get', `${path}/members`),
    change: operation<C['change']>(`change${place}Member`, 'patch', `${path}/members/:user`),
    remove: operation<C['remove']>(`remove${place}Member`, 'delete', `${path}/members/:user`),
    invitations: operation<C['invitations']>(`list${place}Invitations`, 'get', `${path}/invitations`),
    invite: operation<C['invite']>(`inviteTo${place}`, 'post', `${path}/invitations`),
    withdraw: operation<C['withdraw']>(
      `withdraw${place}Invitation`,
      'delete',
      `${path}/invitations/:invitation`,
    ),
  };
}

export const organisationPeople = peopleOf<OfOrganisation>('Organisation');
export const projectPeople = peopleOf<OfProject>('Project');
