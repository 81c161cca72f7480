import { z } from 'zod';
import { contract } from './contract.ts';
import { READ_ERRORS, WRITE_ERRORS } from './errors.ts';
import { Count, Id, None, OfProject, OfSpider, queryNumber, Time } from './fields.ts';
import { Band, JobState, Outcome, Tags } from './jobs/fields.ts';
import { SettingsChange } from './variables.ts';

/** A run as a bar of a spider's row. */
export const Run = z
  .strictObject({
    key: z.string(),
    state: JobState,
    outcome: Outcome.nullable(),
    closeReason: z.string().nullable(),
    items: Count,
    errors: Count,
    pages: Count,
    /** Null while it did not start. */
    seconds: z.number().nullable(),
    version: z.string().nullable(),
    /** When it came into its state. */
    at: Time,
  })
  .meta({ id: 'Run' });

const spiderFields = {
  number: Id,
  name: z.string(),
  tags: z.array(z.string()),
  /** Newest deployed version that has it; null when it was only named by a client. */
  version: z.string().nullable(),
  pending: Count,
  running: Count,
};

export const SpiderRow = z
  .strictObject({
    ...spiderFields,
    usualItems: Band.nullable(),
    /** The newest first; running ones, too. */
    runs: z.array(Run),
  })
  .meta({ id: 'SpiderRow' });

export const Spider = z
  .strictObject({
    ...spiderFields,
    createdAt: Time,
    /** Versions that have it, the newest deployment first. */
    versions: z.array(z.string()),
    usual: z.strictObject({
      items: Band.nullable(),
      pages: Band.nullable(),
      errors: Band.nullable(),
      seconds: Band.nullable(),
    }),
    runs: z.array(Run),
    /** Arguments of those runs with up to five values of each, the last used first. */
    args: z.array(z.strictObject({ name: z.string(), values: z.array(z.string()) })),
  })
  .meta({ id: 'Spider' });

/** One layer of settings; a later layer of the list wins. */
export const SettingsLayer = z
  .strictObject({
    layer: z.enum(['project', 'spider']),
    settings: z.array(
      z.strictObject({
        name: z.string(),
        /** JSON text; null for a secret, which nobody reads again but crawls. */
        value: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'SettingsLayer' });

const SettingsLayers = z.strictObject({ layers: z.array(SettingsLayer) }).meta({ id: 'SettingsLayers' });

export const spiderContracts = {
  readHealth: contract({
    id: 'readHealth',
    method: 'get',
    path: '/projects/:project/health',
    summary: 'Each spider with its last runs',
    params: OfProject,
    query: z.strictObject({ runs: queryNumber(0, 50).optional() }),
    body: null,
    reply: z
      .strictObject({
        spiders: z.array(SpiderRow),
        /** There are more than 5,000 spiders, and these are the first by name. */
        isPartial: z.boolean(),
      })
      .meta({ id: 'Health' }),
    errors: READ_ERRORS,
  }),
  listSpiders: contract({
    id: 'listSpiders',
    method: 'get',
    path: '/projects/:project/spiders',
    summary: 'Names of the spiders and scripts of a project, the last used first',
    params: OfProject,
    query: None,
    body: null,
    reply: z
      .strictObject({
        spiders: z.array(
          z.strictObject({
            number: Id,
            name: z.string(),
            version: z.string().nullable(),
            tags: z.array(z.string()),
            lastRunAt: Time.nullable(),
          }),
        ),
      })
      .meta({ id: 'SpiderList' }),
    errors: READ_ERRORS,
  }),
  readSpider: contract({
    id: 'readSpider',
    method: 'get',
    path: '/projects/:project/spiders/:spider',
    summary: 'A spider with its last 30 runs',
    params: OfSpider,
    query: None,
    body: null,
    reply: Spider,
    errors: READ_ERRORS,
  }),
  tagSpider: contract({
    id: 'tagSpider',
    method: 'post',
    path: '/projects/:project/spiders/:spider/tags',
    summary: 'Add and remove tags of a spider',
    params: OfSpider,
    query: None,
    body: z.strictObject({ add: Tags.optional(), remove: Tags.optional() }),
    reply: z.strictObject({ tags: z.array(z.string()) }).meta({ id: 'SpiderTags' }),
    errors: WRITE_ERRORS,
  }),
  readSpiderSettings: contract({
    id: 'readSpiderSettings',
    method: 'get',
    path: '/projects/:project/spiders/:spider/settings',
    summary: 'The settings that the next job of a spider gets, layer by layer',
    params: OfSpider,
    query: None,
    body: null,
    reply: SettingsLayers,
    errors: READ_ERRORS,
  }),
  changeSpiderSettings: contract({
    id: 'changeSpiderSettings',
    method: 'patch',
    path: '/projects/:project/spiders/:spider/settings',
    summary: "Set and remove settings of a spider, which stand above its project's and below those of a job",
    params: OfSpider,
    query: None,
    body: SettingsChange,
    reply: SettingsLayers,
    errors: WRITE_ERRORS,
  }),
};
