import type { settingContracts, variableContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Variables = typeof variableContracts;
type Settings = typeof settingContracts;

export type Variable = ReplyOf<Variables['listVariables']>['variables'][number];
export type Setting = ReplyOf<Settings['listSettings']>['settings'][number];

const VARIABLES = '/projects/:project/variables';
const SETTINGS = '/projects/:project/settings';

export const listVariables = operation<Variables['listVariables']>('listVariables', 'get', VARIABLES);
export const changeVariables = operation<Variables['changeVariables']>('changeVariables', 'patch', VARIABLES);
export const listSettings = operation<Settings['listSettings']>('listSettings', 'get', SETTINGS);
export const changeSettings = operation<Settings['changeSettings']>('changeSettings', 'patch', SETTINGS);
