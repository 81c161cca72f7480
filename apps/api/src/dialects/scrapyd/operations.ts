import type { Action } from '@spiderhub/core';
import type { OperationSpec } from '../../http/operation.ts';
import type { Call, Service } from './call.ts';
import { sendFromFolder } from './pages/folders.ts';
import { homePage } from './pages/home.ts';
import { jobsPage } from './pages/jobs.ts';
import { addversion } from './services/addversion.ts';
import { cancel, daemonstatus, status } from './services/jobs.ts';
import { listjobs } from './services/listjobs.ts';
import { delproject, delversion, listprojects, listspiders, listversions } from './services/projects.ts';
import { schedule } from './services/schedule.ts';
import { SERVICES, type ServiceName } from './wire/reply.ts';

interface Answered<H> {
  summary: string;
  /** What the caller has to be allowed to do; it is asked for before the handler sees the call. */
  action: Action;
  alsoAsks?: readonly Action[];
  handle: H;
}

/** The services by name. They read their fields themselves, byte by byte as Scrapyd does. */
export const SERVICE_OPERATIONS: Record<ServiceName, Answered<Service>> = {
  'addversion.json': {
    summary: 'Deploy an egg; the project is made when there is none',
    action: 'project.deploy',
    alsoAsks: ['projects.create'],
    handle: addversion,
  },
  'cancel.json': { summary: 'Cancel a job', action: 'jobs.stop', handle: cancel },
  'daemonstatus.json': {
    summary: 'How many jobs wait, run and are over',
    action: 'jobs.read',
    handle: daemonstatus,
  },
  'delproject.json': {
    summary: 'Delete a project with its versions',
    action: 'versions.delete',
    handle: delproject,
  },
  'delversion.json': { summary: 'Delete a version', action: 'versions.delete', handle: delversion },
  'listjobs.json': { summary: 'Jobs by state', action: 'jobs.read', handle: listjobs },
  'listprojects.json': { summary: 'Names of the projects', action: 'projects.list', handle: listprojects },
  'listspiders.json': { summary: 'Spiders of a version', action: 'spiders.read', handle: listspiders },
  'listversions.json': { summary: 'Versions of a project', action: 'versions.read', handle: listversions },
  'schedule.json': { summary: 'Schedule a job', action: 'jobs.run', handle: schedule },
  'status.json': { summary: 'State of a job', action: 'jobs.read', handle: status },
};

type Page = (call: Call, below: readonly string[]) => Promise<void>;

/** The pages by the first part of their path; what ends with a path of its own has folders. */
export const PAGE_OPERATIONS = {
  '': { summary: 'Home page: names of the projects', action: 'projects.list', handle: homePage },
  jobs: { summary: 'Page of all jobs', action: 'jobs.read', handle: jobsPage },
  logs: {
    summary: 'Folders of logs, and the log of a job',
    action: 'logs.read',
    handle: (call, below) => sendFromFolder(call, 'logs', below),
  },
  items: {
    summary: 'Folders of items, and the items of a job',
    action: 'items.read',
    handle: (call, below) => sendFromFolder(call, 'items', below),
  },
} as const satisfies Record<string, Answered<Page>>;

export type PageName = keyof typeof PAGE_OPERATIONS;

export function hasFolders(page: PageName): boolean {
  return page === 'logs' || page === 'items';
}

/** All of it as data. */
export const OPERATIONS: readonly { spec: OperationSpec }[] = [
  ...Object.entries(SERVICE_OPERATIONS).map(([name, { handle: _handle, ...spec }]) => ({
    spec: {
      method: SERVICES[name as ServiceName].method === 'GET' ? 'get' : 'post',
      path: `/${name}`,
      ...spec,
    } as const,
  })),
  ...Object.entries(PAGE_OPERATIONS).map(([name, { handle: _handle, ...spec }]) => ({
    spec: {
      method: 'get',
      path: hasFolders(name as PageName) ? `/${name}{/*path}` : `/${name}`,
      ...spec,
    } as const,
  })),
];
