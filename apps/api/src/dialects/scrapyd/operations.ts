import type { Action } from '@spiderhub/core';
import { z } from 'zod';
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

const Value = z.string();
const Maybe = z.string().optional();
/** Where a list begins and how long it is in each state: ours, beyond Scrapyd. */
const page = { state: Maybe, spider: Maybe, limit: Maybe, offset: Maybe };

interface ServiceOperation extends Answered<Service> {
  /** What it reads, in the query or the form; it does so itself, byte by byte as Scrapyd does. */
  fields: z.ZodObject;
}

/** The services by name. */
export const SERVICE_OPERATIONS: Record<ServiceName, ServiceOperation> = {
  'addversion.json': {
    summary: 'Deploy an egg; the project is made when there is none',
    action: 'project.deploy',
    alsoAsks: ['projects.create'],
    fields: z.object({ project: Value, version: Value, egg: z.file() }),
    handle: addversion,
  },
  'cancel.json': {
    summary: 'Cancel a job',
    action: 'jobs.stop',
    fields: z.object({ project: Value, job: Value, signal: Maybe }),
    handle: cancel,
  },
  'daemonstatus.json': {
    summary: 'How many jobs wait, run and are over',
    action: 'jobs.read',
    fields: z.object({}),
    handle: daemonstatus,
  },
  'delproject.json': {
    summary: 'Delete a project with its versions',
    action: 'versions.delete',
    fields: z.object({ project: Value }),
    handle: delproject,
  },
  'delversion.json': {
    summary: 'Delete a version',
    action: 'versions.delete',
    fields: z.object({ project: Value, version: Value }),
    handle: delversion,
  },
  'listjobs.json': {
    summary: 'Jobs by state',
    action: 'jobs.read',
    fields: z.object({ project: Maybe, ...page }),
    handle: listjobs,
  },
  'listprojects.json': {
    summary: 'Names of the projects',
    action: 'projects.list',
    fields: z.object({}),
    handle: listprojects,
  },
  'listspiders.json': {
    summary: 'Spiders of a version',
    action: 'spiders.read',
    fields: z.object({ project: Value, _version: Maybe }),
    handle: listspiders,
  },
  'listversions.json': {
    summary: 'Versions of a project',
    action: 'versions.read',
    fields: z.object({ project: Value }),
    handle: listversions,
  },
  'schedule.json': {
    summary: 'Schedule a job',
    action: 'jobs.run',
    fields: z.looseObject({
      project: Value,
      spider: Value,
      _version: Maybe,
      jobid: Maybe,
      priority: Maybe,
      /** `NAME=VALUE`, as often as wanted. */
      setting: z.array(z.string()).optional(),
    }),
    handle: schedule,
  },
  'status.json': {
    summary: 'State of a job',
    action: 'jobs.read',
    fields: z.object({ job: Value, project: Maybe }),
    handle: status,
  },
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
  ...Object.entries(SERVICE_OPERATIONS).map(([name, one]) => ({
    spec: serviceSpec(name as ServiceName, one),
  })),
  ...Object.entries(PAGE_OPERATIONS).map(([name, one]) => ({ spec: pageSpec(name as PageName, one) })),
];

function serviceSpec(
  name: ServiceName,
  { handle: _handle, fields, ...spec }: ServiceOperation,
): OperationSpec {
  const input = SERVICES[name].method === 'GET' ? { query: fields } : { body: fields };
  const method = SERVICES[name].method === 'GET' ? 'get' : 'post';
  return { method, path: `/${name}`, sends: ['application/json'], ...spec, ...input };
}

function pageSpec(name: PageName, { handle: _handle, ...spec }: Answered<Page>): OperationSpec {
  if (!hasFolders(name)) return { method: 'get', path: `/${name}`, sends: ['text/html'], ...spec };
  const params = z.object({ path: z.array(z.string()).optional() });
  return { method: 'get', path: `/${name}{/*path}`, params, sends: ['text/html', 'text/plain'], ...spec };
}
