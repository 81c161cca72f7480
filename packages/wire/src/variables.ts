import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Id, None, OfProject, Time } from './fields.ts';

const MAX_AT_ONCE = 200;
const MAX_WORD = 255;
const Word = z.string().min(1).max(MAX_WORD);
const MAX_VALUE = 32 * 1024;
const Value = z.string().max(MAX_VALUE);

const Variable = z
  .strictObject({
    /** The spider whose crawls get it; null: all of the project's. */
    spider: z.string().nullable(),
    name: z.string(),
    /** Null for a secret: nobody reads it again but crawls. */
    value: z.string().nullable(),
    secret: z.boolean(),
    /** Id of the API key that was made for it and goes with it. */
    apiKey: Id.nullable(),
    changedAt: Time,
    changedBy: z.string(),
  })
  .meta({ id: 'Variable' });

const VariableList = z.strictObject({ variables: z.array(Variable) }).meta({ id: 'VariableList' });

/** Environment variables that crawls of a project get. */
export const variableContracts = {
  listVariables: contract({
    id: 'listVariables',
    method: 'get',
    path: '/projects/:project/variables',
    summary: "Environment variables of a project's crawls, without the values of secrets",
    params: OfProject,
    query: None,
    body: null,
    reply: VariableList,
    errors: READ_ERRORS,
  }),
  changeVariables: contract({
    id: 'changeVariables',
    method: 'patch',
    path: '/projects/:project/variables',
    summary: 'Set and remove environment variables of a project, or of one spider; all of it or nothing',
    params: OfProject,
    query: None,
    body: z.strictObject({
      /** The spider whose variables these are; without it they are the project's. */
      spider: Word.optional(),
      set: z.record(Word, Value).optional(),
      /** Values that no answer shows again. */
      secrets: z.record(Word, Value).optional(),
      remove: z.array(Word).max(MAX_AT_ONCE).optional(),
    }),
    reply: VariableList,
    errors: WRITE_ERRORS,
  }),
};

const Setting = z
  .strictObject({
    name: z.string(),
    /** Null for a secret. */
    value: z.json(),
    secret: z.boolean(),
  })
  .meta({ id: 'Setting' });

const SettingList = z.strictObject({ settings: z.array(Setting) }).meta({ id: 'SettingList' });

/** What a change of settings says, of a project or of a spider. */
export const SettingsChange = z.strictObject({
  set: z.record(Word, z.json()).optional(),
  /** Values that no answer shows again; their names are in capitals, as Scrapy takes them. */
  secrets: z.record(Word, z.json()).optional(),
  remove: z.array(Word).max(MAX_AT_ONCE).optional(),
});

/** Scrapy's settings that crawls of a project get. */
export const settingContracts = {
  listSettings: contract({
    id: 'listSettings',
    method: 'get',
    path: '/projects/:project/settings',
    summary: 'Settings of a project, without the values of secrets',
    params: OfProject,
    query: None,
    body: null,
    reply: SettingList,
    errors: READ_ERRORS,
  }),
  changeSettings: contract({
    id: 'changeSettings',
    method: 'patch',
    path: '/projects/:project/settings',
    summary:
      'Set and remove settings of a project; one that is set as a secret stands before others of its name',
    params: OfProject,
    query: None,
    body: SettingsChange,
    reply: SettingList,
    errors: WRITE_ERRORS,
  }),
};
