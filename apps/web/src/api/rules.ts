import type { ruleContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Rules = typeof ruleContracts;

export type Rule = ReplyOf<Rules['list']>['rules'][number];
export type Firing = ReplyOf<Rules['firings']>['firings'][number];
export type Conditions = Rule['when'];
export type Action = Rule['action'];
export type Channel = Action['channel'];

const ALL = '/projects/:project/rules';
const ONE = `${ALL}/:rule`;

export const listRules = operation<Rules['list']>('listRules', 'get', ALL);
export const createRule = operation<Rules['create']>('createRule', 'post', ALL);
export const readRule = operation<Rules['read']>('readRule', 'get', ONE);
export const changeRule = operation<Rules['change']>('changeRule', 'patch', ONE);
export const removeRule = operation<Rules['remove']>('removeRule', 'delete', ONE);
export const listRuleFirings = operation<Rules['firings']>('listRuleFirings', 'get', `${ONE}/firings`);
export const listAddressees = operation<Rules['addressees']>(
  'listAddressees',
  'get',
  '/projects/:project/addressees',
);
export const listJobTriggers = operation<Rules['ofJob']>(
  'listJobTriggers',
  'get',
  '/projects/:project/jobs/:spider/:job/triggers',
);

/** A rule, as it is sent. */
export type RulePlan = Parameters<typeof createRule>[0]['body'];
