import type { limitContracts, usageContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Limits = typeof limitContracts;
type Usages = typeof usageContracts;

export type ProjectLimits = ReplyOf<Limits['readProjectLimits']>;
export type LimitName = keyof ProjectLimits['limits'];
export type Usage = ReplyOf<Usages['readProjectUsage']>;

const OF_ORGANISATION = '/organisations/:organisation';
const OF_PROJECT = '/projects/:project';

export const readOrganisationLimits = operation<Limits['readOrganisationLimits']>(
  'readOrganisationLimits',
  'get',
  `${OF_ORGANISATION}/limits`,
);
export const changeOrganisationLimits = operation<Limits['changeOrganisationLimits']>(
  'changeOrganisationLimits',
  'patch',
  `${OF_ORGANISATION}/limits`,
);
export const readProjectLimits = operation<Limits['readProjectLimits']>(
  'readProjectLimits',
  'get',
  `${OF_PROJECT}/limits`,
);
export const changeProjectLimits = operation<Limits['changeProjectLimits']>(
  'changeProjectLimits',
  'patch',
  `${OF_PROJECT}/limits`,
);
export const readProjectUsage = operation<Usages['readProjectUsage']>(
  'readProjectUsage',
  'get',
  `${OF_PROJECT}/usage`,
);
