import type {
  organisationKeys as organisationKeyContracts,
  ownKeys as ownKeyContracts,
  projectKeys as projectKeyContracts,
} from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Own = typeof ownKeyContracts;
type OfProject = typeof projectKeyContracts;
type OfOrganisation = typeof organisationKeyContracts;

export type ApiKey = ReplyOf<Own['list']>['keys'][number];
export type MadeKey = ReplyOf<Own['make']>;

export const ownKeys = {
  list: operation<Own['list']>('listOwnKeys', 'get', '/me/keys'),
  make: operation<Own['make']>('makeOwnKey', 'post', '/me/keys'),
  rotate: operation<Own['rotate']>('rotateOwnKey', 'post', '/me/keys/:apikey/rotation'),
  revoke: operation<Own['revoke']>('revokeOwnKey', 'delete', '/me/keys/:apikey'),
};

const IN_PROJECT = '/projects/:project/keys';

export const projectKeys = {
  list: operation<OfProject['list']>('listProjectKeys', 'get', IN_PROJECT),
  make: operation<OfProject['make']>('makeProjectKey', 'post', IN_PROJECT),
  rotate: operation<OfProject['rotate']>('rotateProjectKey', 'post', `${IN_PROJECT}/:apikey/rotation`),
  revoke: operation<OfProject['revoke']>('revokeProjectKey', 'delete', `${IN_PROJECT}/:apikey`),
};

const IN_ORGANISATION = '/organisations/:organisation/keys';

export const organisationKeys = {
  list: operation<OfOrganisation['list']>('listOrganisationKeys', 'get', IN_ORGANISATION),
  revoke: operation<OfOrganisation['revoke']>(
    'revokeOrganisationKey',
    'delete',
    `${IN_ORGANISATION}/:apikey`,
  ),
};
