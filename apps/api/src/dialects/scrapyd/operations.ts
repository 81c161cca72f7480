import type { OperationSpec } from '../../http/operation.ts';
import { SERVICES } from './wire/reply.ts';

const services: OperationSpec[] = Object.entries(SERVICES).map(([name, { method, summary }]) => ({
  method: method === 'GET' ? 'get' : 'post',
  path: `/${name}`,
  summary,
}));

const pages: OperationSpec[] = [
  { method: 'get', path: '/', summary: 'Home page: names of the projects' },
  { method: 'get', path: '/jobs', summary: 'Page of all jobs' },
  { method: 'get', path: '/logs{/*path}', summary: 'Folders of logs, and the log of a job' },
  { method: 'get', path: '/items{/*path}', summary: 'Folders of items, and the items of a job' },
];

/** What it serves, as data. Its services read their fields themselves, byte by byte as Scrapyd does. */
export const OPERATIONS = [...services, ...pages].map((spec) => ({ spec }));
