import type { overviewContracts, readServer as readServerContract, spiderContracts } from '@spiderhub/wire';
import { operation, type ReplyOf } from './client.ts';

type Spiders = typeof spiderContracts;
type Overviews = typeof overviewContracts;

export type Spider = ReplyOf<Spiders['readSpider']>;
export type SpiderRow = ReplyOf<Spiders['readHealth']>['spiders'][number];
export type Run = SpiderRow['runs'][number];
export type SettingsLayer = ReplyOf<Spiders['readSpiderSettings']>['layers'][number];
export type Overview = ReplyOf<Overviews['readOverview']>;
export type Concern = Overview['concerns'][number];
export type Numbers = ReplyOf<Overviews['listProjectNumbers']>;
export type View = ReplyOf<Overviews['saveView']>;

export const listSpiders = operation<Spiders['listSpiders']>(
  'listSpiders',
  'get',
  '/projects/:project/spiders',
);
export const readHealth = operation<Spiders['readHealth']>('readHealth', 'get', '/projects/:project/health');
export const readSpider = operation<Spiders['readSpider']>(
  'readSpider',
  'get',
  '/projects/:project/spiders/:spider',
);
export const tagSpider = operation<Spiders['tagSpider']>(
  'tagSpider',
  'post',
  '/projects/:project/spiders/:spider/tags',
);
export const readSpiderSettings = operation<Spiders['readSpiderSettings']>(
  'readSpiderSettings',
  'get',
  '/projects/:project/spiders/:spider/settings',
);
export const changeSpiderSettings = operation<Spiders['changeSpiderSettings']>(
  'changeSpiderSettings',
  'patch',
  '/projects/:project/spiders/:spider/settings',
);
export const readOverview = operation<Overviews['readOverview']>(
  'readOverview',
  'get',
  '/projects/:project/overview',
);
export const listProjectNumbers = operation<Overviews['listProjectNumbers']>(
  'listProjectNumbers',
  'get',
  '/overview',
);
export const search = operation<Overviews['search']>('search', 'get', '/projects/:project/search');
export const listViews = operation<Overviews['listViews']>('listViews', 'get', '/projects/:project/views');
export const saveView = operation<Overviews['saveView']>('saveView', 'post', '/projects/:project/views');
export const deleteView = operation<Overviews['deleteView']>(
  'deleteView',
  'delete',
  '/projects/:project/views/:view',
);
export const readServer = operation<typeof readServerContract>('readServer', 'get', '/server');
